import type { AttemptError } from './failure.ts';

const MAX_SHOWN = 300;

/**
 * What a customer is told of an answer that redirects: none is followed, so the URL of its target must be registered.
 * Undefined for any other answer. User names, passwords and queries of the target are left out: they may be secrets.
 */
export function redirectError(
  statusCode: number,
  location: string | string[] | undefined,
  requested: URL,
): AttemptError | undefined {
  const isRedirect = [300, 301, 302, 303, 307, 308].includes(statusCode);
  if (!isRedirect) return undefined;
  const target = typeof location === 'string' ? shownTarget(location, requested) : undefined;
  return {
    code: 'REDIRECT_NOT_FOLLOWED',
    message: target
      ? `the receiver redirects to ${target}: redirects are not followed, so register that URL if it is right`
      : 'the receiver redirects without saying where to: redirects are not followed, so register the URL that answers',
  };
}

function shownTarget(location: string, requested: URL): string | undefined {
  if (!URL.canParse(location, requested.href)) return undefined;
  const url = new URL(location, requested.href);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return undefined;
  const shown = `${url.origin}${url.pathname}${url.search ? '?…' : ''}`;
  return shown.length > MAX_SHOWN ? `${shown.slice(0, MAX_SHOWN)}…` : shown;
}
