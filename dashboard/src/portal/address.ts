import { basePath } from '../api/client.ts';

const prefix = `${basePath}/portal/`;

/** The project whose portal this page is: `/portal/{project}/…`. */
export const project = decodeURIComponent(location.pathname.slice(prefix.length).split('/')[0] ?? '');

/** The path of the portal, without a slash at its end. */
export const portalPath = `${prefix}${encodeURIComponent(project)}`;

/** Takes what was looked at out of the address: ids, and the text of a search. */
export function leaveScreen(): void {
  history.replaceState(null, '', `${portalPath}/`);
}

/** The code of a link to this portal; undefined if it is none. */
export function codeIn(url: string): string | undefined {
  if (!URL.canParse(url)) return undefined;
  const { origin, pathname, hash } = new URL(url);
  const isOurs =
    origin === location.origin && (pathname === portalPath || pathname.startsWith(`${portalPath}/`));
  return isOurs ? /^#code=(.+)$/.exec(hash)?.[1] : undefined;
}

/** Takes the code out of the address before anything else happens, so that it is not kept in the history. */
export function takeCode(): string | undefined {
  const code = codeIn(location.href);
  if (code !== undefined) history.replaceState(history.state, '', location.pathname + location.search);
  return code;
}
