import { hash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import helmet from 'helmet';
import { matchesIfNoneMatch } from '../http/entity-tags.ts';
import { plainRoute, type Route, type RouteResponse } from '../http/route.ts';
import { docsPage } from './docs-page.ts';
import { DOCS_STYLE } from './docs-style.ts';
import { openApiDocument } from './openapi.ts';

const tag = 'Documentation';

/** The page runs no script at all. Upgrading to https is left to who puts TLS in front. */
const harden = helmet({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'none'"],
      styleSrc: ["'self'"],
      baseUri: ["'none'"],
      formAction: ["'none'"],
      frameAncestors: ["'none'"],
    },
  },
  strictTransportSecurity: false,
});

type Kept = { type: string; body: Buffer; etag: string };

/** Encoded once: the document has some 300 kB, and whoever asks for it needs no key. */
const kept = (type: string, text: string): Kept => {
  const etag = `"${hash('sha256', text, 'base64url').slice(0, 22)}"`;
  return { type: `${type}; charset=utf-8`, body: Buffer.from(text), etag };
};

function answerOf({ type, body, etag }: Kept, { headers: asked }: IncomingMessage): RouteResponse {
  const headers = { 'cache-control': 'public, max-age=60', etag };
  if (matchesIfNoneMatch(asked['if-none-match'], etag)) return { status: 304, headers };
  return { status: 200, headers, content: { type, body } };
}

const requestHeaders = { 'If-None-Match': 'The `ETag` of an answer that the caller has' };
const notModified = { 304: { description: 'It is as the caller has it' } };

/** The OpenAPI document of `described` and of the routes made here, and the page that shows it. */
export function documentRoutes(described: Route[], publicUrl: string): Route[] {
  const routes: Route[] = [
    plainRoute({
      method: 'get',
      path: '/openapi.json',
      operationId: 'openApi',
      tag,
      summary: 'This document',
      access: 'open',
      requestHeaders,
      responses: { 200: { description: 'OpenAPI 3.1', type: 'application/json' }, ...notModified },
      handle: ({ request }) => answerOf(text, request),
    }),
    plainRoute({
      method: 'get',
      path: '/docs',
      operationId: 'docs',
      tag,
      summary: 'This document as a page',
      access: 'open',
      requestHeaders,
      responses: { 200: { description: 'HTML', type: 'text/html' }, ...notModified },
      handle: ({ request, response }) => {
        harden(request, response, () => {});
        return answerOf(page, request);
      },
    }),
    plainRoute({
      method: 'get',
      path: '/docs/style.css',
      operationId: 'docsStyle',
      tag,
      summary: 'How the page looks',
      access: 'open',
      requestHeaders,
      responses: { 200: { description: 'CSS', type: 'text/css' }, ...notModified },
      handle: ({ request }) => answerOf(style, request),
    }),
  ];
  const document = openApiDocument([...described, ...routes], publicUrl);
  const text = kept('application/json', JSON.stringify(document));
  const page = kept('text/html', docsPage(document));
  const style = kept('text/css', DOCS_STYLE);
  return routes;
}
