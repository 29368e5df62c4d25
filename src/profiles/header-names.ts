const TOKEN = /^[!#$%&'*+.^_`|~A-Za-z0-9-]{1,128}$/;

/** These frame the message or steer the connection (RFC 9110, 7.6.1): the HTTP client alone may set them. */
const OF_THE_CONNECTION = new Set([
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

/** Why a request may not set a header of this name; undefined when it may. */
export function headerNameProblem(name: string): string | undefined {
  if (!TOKEN.test(name)) return 'not a header name';
  if (OF_THE_CONNECTION.has(name.toLowerCase())) return 'the connection sets this header itself';
  return undefined;
}

/** What can stand in a header unchanged: printable ASCII, without a space at either end. */
export const isHeaderValue = (text: string): boolean => /^([!-~]([ -~]*[!-~])?)?$/.test(text);
