import { hash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import helmet from 'helmet';
import { matchesIfNoneMatch } from '../http/entity-tags.ts';
import { type Call, plainRoute, type Route, type RouteResponse } from '../http/route.ts';
import { docsPage } from './docs-page.ts';
import { DOCS_STYLE } from './docs-style.ts';
import { openApiDocument } from './openapi.ts';

const tag = 'Documentation';

/** Whoever terminates TLS decides about upgrades to HTTPS. */
const harden = helmet({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'none'"],
      styleSrc: ["'self'"],
      scriptSrc: ["'self'"],
      connectSrc: ["'self'"],
      baseUri: ["'none'"],
      formAction: ["'none'"],
      frameAncestors: ["'none'"],
    },
  },
  strictTransportSecurity: false,
});

type EncodedPage = { type: string; body: Buffer; etag: string };

export type DocumentOptions = {
  publicUrl: string;
  cookieName: string;
  /** The asset that adds the search and the forms to the page; null if no pages are served, or none were built. */
  script: string | null;
};

/** Encodes a page once, because the document has about 300 kB and anyone can request it without a key. */
const encode = (type: string, text: string): EncodedPage => {
  const etag = `"${hash('sha256', text, 'base64url').slice(0, 22)}"`;
  return { type: `${type}; charset=utf-8`, body: Buffer.from(text), etag };
};

function respond(
  { type, body, etag }: EncodedPage,
  { headers: requestHeaders }: IncomingMessage,
): RouteResponse {
  const headers = { 'cache-control': 'public, max-age=60', etag };
  if (matchesIfNoneMatch(requestHeaders['if-none-match'], etag)) return { status: 304, headers };
  return { status: 200, headers, content: { type, body } };
}

const requestHeaders = { 'If-None-Match': 'The `ETag` of a previous response' };
const notModified = { 304: { description: 'Not modified since that response' } };

/** The routes of the OpenAPI document and of its HTML page. Both describe `apiRoutes` and these routes themselves. */
export function documentRoutes(
  apiRoutes: Route[],
  { publicUrl, cookieName, script }: DocumentOptions,
): Route[] {
  const routes: Route[] = [
    plainRoute({
      method: 'get',
      path: '/openapi.json',
      operationId: 'openApi',
      tag,
      summary: 'Get the OpenAPI document',
      access: 'open',
      requestHeaders,
      responses: { 200: { description: 'OpenAPI 3.1', type: 'application/json' }, ...notModified },
      handle: getOpenApi,
    }),
    plainRoute({
      method: 'get',
      path: '/docs',
      operationId: 'docs',
      tag,
      summary: 'Get the API reference as a page',
      access: 'open',
      requestHeaders,
      responses: { 200: { description: 'HTML', type: 'text/html' }, ...notModified },
      handle: getDocsPage,
    }),
    plainRoute({
      method: 'get',
      path: '/docs/style.css',
      operationId: 'docsStyle',
      tag,
      summary: 'Get the style sheet of the page',
      access: 'open',
      requestHeaders,
      responses: { 200: { description: 'CSS', type: 'text/css' }, ...notModified },
      handle: getDocsStyle,
    }),
  ];
  const document = openApiDocument([...apiRoutes, ...routes], publicUrl, cookieName);
  const text = encode('application/json', JSON.stringify(document));
  const page = encode('text/html', docsPage(document, script));
  const style = encode('text/css', DOCS_STYLE);
  return routes;

  function getOpenApi({ request }: Call) {
    return respond(text, request);
  }

  function getDocsPage({ request, response }: Call) {
    harden(request, response, () => {});
    return respond(page, request);
  }

  function getDocsStyle({ request }: Call) {
    return respond(style, request);
  }
}
