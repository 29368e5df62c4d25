import { isIP } from 'node:net';
import type { AddressGuard } from './addresses/address-guard.ts';
import { hostNameProblem, isLocalhost, isLocalName } from './addresses/host-name.ts';
import { urlSyntaxProblem } from './url-syntax.ts';

export type UrlProblem = { code: UrlProblemCode; detail: string };
export type UrlProblemCode = keyof typeof DETAILS;

export type Origin = { host: string; port: number; secure: boolean };

/** What the profile asks of an endpoint's URL; addresses that the operator allowed are exempt from both. */
export type UrlRules = { httpsOnly: boolean; publicOnly: boolean };

const MAX_LENGTH = 2_048;

const DETAILS = {
  url_invalid: 'is not an absolute URL',
  url_too_long: `is longer than ${MAX_LENGTH} characters`,
  url_too_long_as_sent: `is longer than ${MAX_LENGTH} characters in the form in which it is sent (percent-encoded)`,
  url_has_forbidden_characters: 'contains a space, a control character or a backslash',
  url_scheme_not_allowed: 'must begin with https:// or http://',
  url_https_required: 'must begin with https://',
  url_has_credentials: 'must not contain a user name or a password',
  url_has_fragment: 'must not contain a fragment (#): it would never be sent',
  url_has_no_host: 'names no host',
  url_port_invalid: 'has a port that is not a number from 1 to 65535',
  url_ipv4_invalid: 'names a host that ends in a number and is no IPv4 address',
  url_ipv6_invalid: 'names an IPv6 address that is not valid: it stands in brackets and has no zone',
  url_host_has_wildcard: 'names a host with an asterisk: only the certificate of a host can have one',
  url_host_has_empty_label: 'names a host with two dots in a row or a dot in front',
  url_host_has_invalid_characters: 'names a host with characters that no host name can have',
  url_host_too_long:
    'names a host that is too long for DNS: 63 characters from dot to dot, and 253 in all, in ASCII form',
  url_host_never_resolves: 'names a host that can never have an address: its last part is kept out of DNS',
  url_address_not_allowed: 'names an address that is not public',
  url_name_not_public: 'names a host that is not on the public internet',
  url_own_service: 'names a service of Posthorn itself',
} as const;

/**
 * The URL of an endpoint, or why it is refused. Names are not resolved here: that is done, and judged, at each dial.
 * What is stored, shown and sent is the `href` of the result: it comes out of this again as it went in.
 */
export function parseTargetUrl(text: string, rules: UrlRules, guard: AddressGuard): URL | UrlProblem {
  if (text.length > MAX_LENGTH) return problem('url_too_long');
  // The URL parser would drop tabs and line ends silently and turn backslashes into slashes.
  if (hasForbiddenCharacter(text)) return problem('url_has_forbidden_characters');
  const unreadable = urlSyntaxProblem(text);
  if (unreadable) return problem(unreadable);
  const url = new URL(text);
  if (url.href.length > MAX_LENGTH) return problem('url_too_long_as_sent');
  if (url.username || url.password) return problem('url_has_credentials');
  if (text.includes('#')) return problem('url_has_fragment');

  const host = hostOf(url);
  if (host === '') return problem('url_has_no_host');
  const family = familyOf(host);
  const hostProblem = family ? undefined : hostNameProblem(host);
  if (hostProblem) return problem(hostProblem);
  const refused = isExempt(host, guard) ? undefined : brokenRule(url, host, rules, guard);
  if (refused) return problem(refused);
  return guard.isOwnService(host, originOf(url).port) ? problem('url_own_service') : url;
}

function brokenRule(
  { protocol }: URL,
  host: string,
  { httpsOnly, publicOnly }: UrlRules,
  guard: AddressGuard,
): UrlProblemCode | undefined {
  if (httpsOnly && protocol !== 'https:') return 'url_https_required';
  if (!publicOnly) return undefined;
  const family = familyOf(host);
  if (family) return guard.allows(host, family) ? undefined : 'url_address_not_allowed';
  return isLocalName(host) ? 'url_name_not_public' : undefined;
}

/** The host as DNS and TLS know it: without the brackets of IPv6 and the dot at the end of an absolute name. */
export const hostOf = (url: URL): string => url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');

/** Path and query as they stand in the URL, byte for byte: `search` would lose the question mark of `/a?`. */
export const requestTargetOf = ({ href, origin }: URL): string => href.slice(origin.length);

/** Where to dial for a URL that parseTargetUrl accepted. */
export function originOf(url: URL): Origin {
  const secure = url.protocol === 'https:';
  return { host: hostOf(url), port: Number(url.port || (secure ? 443 : 80)), secure };
}

/** 4 or 6 for a literal address, undefined for a name. */
export function familyOf(host: string): 4 | 6 | undefined {
  const family = isIP(host);
  return family === 4 || family === 6 ? family : undefined;
}

function isExempt(host: string, guard: AddressGuard): boolean {
  if (isLocalhost(host)) return guard.exempts('127.0.0.1', 4) || guard.exempts('::1', 6);
  const family = familyOf(host);
  return family !== undefined && guard.exempts(host, family);
}

function hasForbiddenCharacter(text: string): boolean {
  for (const character of text) {
    const code = character.codePointAt(0)!;
    if (code <= 0x20 || character === '\\' || (code >= 0x7f && code <= 0xa0)) return true;
  }
  return false;
}

const problem = (code: UrlProblemCode): UrlProblem => ({ code, detail: `the URL ${DETAILS[code]}` });
