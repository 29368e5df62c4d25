const HEADER_NAME = /^[!#$%&'*+.^_`|~A-Za-z0-9-]{1,128}$/;

/** Headers that frame the message or control the connection (RFC 9110, section 7.6.1). Only the HTTP client may set them. */
export const CONNECTION_HEADERS = new Set([
  'accept-encoding',
  'connection',
  'content-encoding',
  'content-length',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Why requests must not set a header of this name; undefined if they may. */
export function headerNameProblem(name: string): string | undefined {
  if (!HEADER_NAME.test(name)) return 'must be a header name';
  if (CONNECTION_HEADERS.has(name.toLowerCase())) return 'must not be set: the HTTP client sets this header';
  return undefined;
}

/** Printable ASCII without leading or trailing spaces, which a header carries unchanged. */
export const isHeaderValue = (text: string): boolean => /^([!-~]([ -~]*[!-~])?)?$/.test(text);
