import helmet from 'helmet';
import { docsPage } from './docs-page.ts';
import { DOCS_STYLE } from './docs-style.ts';
import { openApiDocument } from './openapi.ts';
import { type Answer, plainRoute, type Route } from './route.ts';

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

const kept = (type: string, body: string): Answer => ({
  status: 200,
  headers: { 'cache-control': 'public, max-age=60' },
  content: { type: `${type}; charset=utf-8`, body },
});

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
      answers: { 200: { description: 'OpenAPI 3.1', type: 'application/json' } },
      handle: () => kept('application/json', text),
    }),
    plainRoute({
      method: 'get',
      path: '/docs',
      operationId: 'docs',
      tag,
      summary: 'This document as a page',
      access: 'open',
      answers: { 200: { description: 'HTML', type: 'text/html' } },
      handle: ({ request, response }) => {
        harden(request, response, () => {});
        return kept('text/html', page);
      },
    }),
    plainRoute({
      method: 'get',
      path: '/docs/style.css',
      operationId: 'docsStyle',
      tag,
      summary: 'How the page looks',
      access: 'open',
      answers: { 200: { description: 'CSS', type: 'text/css' } },
      handle: () => kept('text/css', DOCS_STYLE),
    }),
  ];
  const document = openApiDocument([...described, ...routes], publicUrl);
  const text = JSON.stringify(document);
  const page = docsPage(document);
  return routes;
}
