import type { AttemptError } from './failure.ts';

const MAX_TARGET_LENGTH = 300;

/**
 * The error of an attempt whose response is a redirect; undefined for any other response. Posthorn does not follow
 * redirects, so the customer has to register the target URL. User name, password, fragment and query of the target are
 * left out: they may be secrets.
 */
export function redirectError(
  statusCode: number,
  location: string | string[] | undefined,
  requested: URL,
): AttemptError | undefined {
  const isRedirect = [300, 301, 302, 303, 307, 308].includes(statusCode);
  if (!isRedirect) return undefined;
  const target = typeof location === 'string' ? displayTarget(location, requested) : undefined;
  return {
    code: 'REDIRECT_NOT_FOLLOWED',
    message: target
      ? `the receiver redirects to ${target}: Posthorn does not follow redirects, so register that URL if it is correct`
      : 'the receiver redirects without a valid target: Posthorn does not follow redirects, so register the URL that handles the webhook',
  };
}

function displayTarget(location: string, requested: URL): string | undefined {
  if (!URL.canParse(location, requested.href)) return undefined;
  const url = new URL(location, requested.href);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return undefined;
  const displayed = `${url.origin}${url.pathname}${url.search ? '?…' : ''}`;
  return displayed.length > MAX_TARGET_LENGTH ? `${displayed.slice(0, MAX_TARGET_LENGTH)}…` : displayed;
}
