export type UrlSyntaxProblem =
  | 'url_invalid'
  | 'url_scheme_not_allowed'
  | 'url_has_no_host'
  | 'url_port_invalid'
  | 'url_ipv6_invalid'
  | 'url_ipv4_invalid'
  | 'url_host_has_invalid_characters';

/** The scheme and the authority of a URL. */
const PARTS = /^([a-z][a-z0-9+.-]*):(?:\/\/([^/?#]*))?/i;

/** Why a text is not a valid http or https URL; undefined when its scheme, host and port are valid. */
export function urlSyntaxProblem(text: string): UrlSyntaxProblem | undefined {
  const [, scheme = '', authority] = PARTS.exec(text) ?? [];
  if (!scheme) return 'url_invalid';
  if (!/^https?$/i.test(scheme)) return 'url_scheme_not_allowed';
  if (authority === undefined) return 'url_invalid';
  const { host, port } = hostAndPort(authority.slice(authority.lastIndexOf('@') + 1));
  if (host === '') return 'url_has_no_host';
  if (host === undefined) return 'url_ipv6_invalid';
  if (!isPort(port)) return 'url_port_invalid';
  if (URL.canParse(text)) return new URL(text).hostname === '' ? 'url_has_no_host' : undefined;
  if (host.startsWith('[')) return 'url_ipv6_invalid';
  // A host whose last label is a number must be an IPv4 address (URL Standard, "ends in a number checker").
  if (/(?:^|\.)(?:\d+|0x[0-9a-f]*)\.?$/i.test(host)) return 'url_ipv4_invalid';
  return /^\.+$/.test(host) ? 'url_has_no_host' : 'url_host_has_invalid_characters';
}

/** Host and port. The host is undefined for an IPv6 address without its brackets. */
function hostAndPort(text: string): { host: string | undefined; port: string } {
  const bracketed = /^(\[[^\]]*\])(?::(.*))?$/.exec(text);
  if (bracketed) return { host: bracketed[1], port: bracketed[2] ?? '' };
  const [host = '', port = '', ...more] = text.split(':');
  return { host: more.length > 0 || text.startsWith('[') ? undefined : host, port };
}

/** An empty port means the default of the scheme. */
const isPort = (port: string): boolean =>
  port === '' || (/^\d{1,10}$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535);
