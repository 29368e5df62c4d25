import { hash } from 'node:crypto';
import type { Request } from 'express';
import { z } from 'zod';
import type { ApiConfig } from '../dependencies.ts';
import { matchesIfNoneMatch } from '../http/entity-tags.ts';
import { type Call, plainRoute, type Route, type RouteResponse } from '../http/route.ts';
import { Problem } from '../problems/problem.ts';
import { acceptedEncoding } from './accepted-encoding.ts';
import type { BuiltFile, BuiltPages } from './built-pages.ts';
import { ASSET_HEADERS, EMBED_HEADERS, pageHeaders } from './page-headers.ts';

/** Express passes the segments of a wildcard as an array; none if there is nothing after the last `/`. */
const wildcard = z.array(z.string()).optional();
const pageParams = z.object({ path: wildcard });
const portalParams = z.object({ project: z.string(), path: wildcard });
const portalRootParams = z.object({ project: z.string() });
const assetParams = z.object({ path: wildcard });
/** Whatever it is, the scripts of the page read it. */
const anyQuery = z.looseObject({});

/** What the portal of a project allows; the same for a project that does not exist. */
export type PortalPage = { frameAncestors: string[]; imageOrigins: string[] };

export type PageDependencies = {
  /** Null if nothing was built. */
  pages: BuiltPages | null;
  portalPageOf(projectId: string): Promise<PortalPage>;
};

/** The pages for people. They are the same for everyone: what they show, they get by calls. */
export function pageRoutes(
  { publicUrl, ui }: Pick<ApiConfig, 'publicUrl' | 'ui'>,
  { pages, portalPageOf }: PageDependencies,
): Route[] {
  const base = new URL(publicUrl).pathname.replace(/\/$/, '');
  const dashboard = htmlOf(pages?.dashboard ?? null, base);
  const portal = htmlOf(pages?.portal ?? null, base);
  const page = { method: 'get', tag: 'Pages', access: 'open' } as const;
  const responses = { 200: { description: 'HTML', type: 'text/html' } };

  const ofDashboard = [
    plainRoute({ ...page, path: '/', operationId: 'root', summary: 'Root', responses, handle: getRoot }),
    plainRoute({
      ...page,
      path: '/dashboard',
      operationId: 'dashboardRoot',
      summary: 'Dashboard',
      query: anyQuery,
      responses,
      handle: ({ request }) => redirect(308, `${base}/dashboard/${searchOf(request)}`),
    }),
    plainRoute({
      ...page,
      path: '/dashboard/{*path}',
      operationId: 'dashboard',
      summary: 'Dashboard',
      params: pageParams,
      query: anyQuery,
      responses,
      handle: ({ request }) => sendPage(request, dashboard, pageHeaders()),
    }),
  ];
  const ofPortal = [
    plainRoute({
      ...page,
      path: '/portal/{project}',
      operationId: 'portalRoot',
      summary: 'Portal',
      params: portalRootParams,
      query: anyQuery,
      responses,
      handle: ({ request, params: { project } }) =>
        redirect(308, `${base}/portal/${encodeURIComponent(project)}/${searchOf(request)}`),
    }),
    plainRoute({
      ...page,
      path: '/portal/{project}/{*path}',
      operationId: 'portal',
      summary: 'Portal',
      params: portalParams,
      query: anyQuery,
      responses,
      handle: getPortal,
    }),
    plainRoute({
      ...page,
      path: '/portal-embed.js',
      operationId: 'portalEmbed',
      summary: 'Embed',
      query: anyQuery,
      responses,
      handle: ({ request }) => sendFile(request, pages?.embed, EMBED_HEADERS),
    }),
  ];
  const assets = plainRoute({
    ...page,
    path: '/assets/{*path}',
    operationId: 'asset',
    summary: 'Asset',
    params: assetParams,
    query: anyQuery,
    responses,
    handle: getAsset,
  });

  return [
    ...(ui.includes('dashboard') ? ofDashboard : []),
    ...(ui.includes('portal') ? ofPortal : []),
    ...(ui.length > 0 ? [assets] : []),
  ];

  function getRoot({ request }: Call) {
    if (!request.headers.accept?.includes('text/html')) throw new Problem('not_found');
    return { status: 302, headers: { location: `${base}/dashboard/`, vary: 'accept' } };
  }

  async function getPortal({
    request,
    params: { project },
  }: Call<{ params: typeof portalParams; query: typeof anyQuery }>) {
    const { frameAncestors, imageOrigins } = await portalPageOf(project);
    return sendPage(request, portal, pageHeaders(frameAncestors, imageOrigins));
  }

  function getAsset({
    request,
    params: { path = [] },
  }: Call<{ params: typeof assetParams; query: typeof anyQuery }>) {
    if (pages === null) throw new Problem('ui_not_built');
    const file = pages.assets.get(path.join('/'));
    if (!file) throw new Problem('not_found');
    return sendFile(request, file, ASSET_HEADERS);
  }
}

/** The built page with absolute paths, so that one file serves all paths, and with the path of the public URL for its scripts. */
function htmlOf(html: string | null, base: string): Buffer | null {
  if (html === null) return null;
  const meta = `<meta name="posthorn-base" content="${base.replaceAll('&', '&amp;').replaceAll('"', '&quot;')}">`;
  const rebased = html.replaceAll(/(["'])\.\/assets\//g, (_, quote) => `${quote}${base}/assets/`);
  return Buffer.from(rebased.replace(/<head>/i, (head) => `${head}\n    ${meta}`));
}

function sendPage(request: Request, html: Buffer | null, headers: Record<string, string>): RouteResponse {
  if (html === null) throw new Problem('ui_not_built');
  // With the headers: a browser that keeps the page keeps its policy.
  const etag = `"${hash('sha256', `${headers['content-security-policy']}\n${html}`, 'base64url').slice(0, 22)}"`;
  return sendUnlessKnown(request, etag, headers, { type: 'text/html; charset=utf-8', body: html });
}

function sendFile(
  request: Request,
  file: BuiltFile | null | undefined,
  headers: Record<string, string>,
): RouteResponse {
  if (!file) throw new Problem('ui_not_built');
  const { type, etag } = file;
  const encoding = acceptedEncoding(request.headers['accept-encoding']);
  const encoded = encoding && file[encoding];
  if (!encoded) return sendUnlessKnown(request, etag, headers, { type, body: file.body });
  const withEncoding = { ...headers, 'content-encoding': encoding };
  return sendUnlessKnown(request, etag.replace(/"$/, `-${encoding}"`), withEncoding, { type, body: encoded });
}

function sendUnlessKnown(
  request: Request,
  etag: string,
  headers: Record<string, string>,
  content: { type: string; body: Buffer },
): RouteResponse {
  const all = { ...headers, etag };
  if (matchesIfNoneMatch(request.headers['if-none-match'], etag)) return { status: 304, headers: all };
  return { status: 200, headers: all, content };
}

const redirect = (status: number, location: string): RouteResponse => ({ status, headers: { location } });

const searchOf = ({ url }: Request): string => {
  const start = url.indexOf('?');
  return start === -1 ? '' : url.slice(start);
};
