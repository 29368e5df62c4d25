import { isIP } from 'node:net';
import type { AddressGuard } from './addresses/address-guard.ts';
import { hostNameProblem, isLocalhost, isLocalName, stripBracketsAndDot } from './addresses/host-name.ts';
import { urlSyntaxProblem } from './url-syntax.ts';

export type UrlProblem = { code: UrlProblemCode; detail: string };
export type UrlProblemCode = keyof typeof DETAILS;

export type Origin = { host: string; port: number; secure: boolean };

/** What the profile requires of endpoint URLs. Addresses that the operator allowed are exempt from both rules. */
export type UrlRules = { httpsOnly: boolean; publicOnly: boolean };

const MAX_LENGTH = 2_048;

const DETAILS = {
  url_invalid: 'is not an absolute URL',
  url_too_long: `is longer than ${MAX_LENGTH} characters`,
  url_too_long_as_sent: `is longer than ${MAX_LENGTH} characters after percent-encoding`,
  url_has_forbidden_characters: 'contains a space, a control character or a backslash',
  url_scheme_not_allowed: 'must begin with https:// or http://',
  url_https_required: 'must begin with https://',
  url_has_credentials: 'must not contain a user name or a password',
  url_has_fragment: 'must not contain a fragment (#), which HTTP never sends',
  url_has_no_host: 'has no host',
  url_port_invalid: 'has a port that is not a number from 1 to 65535',
  url_ipv4_invalid: 'has a host that ends in a number but is not an IPv4 address',
  url_ipv6_invalid: 'has an invalid IPv6 address: write it in brackets and without a zone',
  url_host_has_wildcard: 'has a host with an asterisk, which is allowed only in certificates',
  url_host_has_empty_label: 'has a host with two consecutive dots or a leading dot',
  url_host_has_invalid_characters: 'has a host with invalid characters',
  url_host_too_long:
    'has a host that is too long for DNS: at most 63 characters per label and 253 in total, in ASCII form',
  url_host_never_resolves: 'has a host that can never resolve: its top-level name is reserved',
  url_address_not_allowed: 'has an address that is not public',
  url_name_not_public: 'has a host that is not on the public internet',
  url_port_not_allowed: 'has a port that the operator does not allow',
  url_own_service: 'belongs to the service that sends the requests',
} as const;

/**
 * The URL of an endpoint, or why it is refused. Names are not resolved here: each dial resolves and checks them. Store,
 * display and send the `href` of the result, which parses to itself.
 */
export function parseTargetUrl(text: string, rules: UrlRules, guard: AddressGuard): URL | UrlProblem {
  if (text.length > MAX_LENGTH) return problem('url_too_long');
  // The URL parser would silently drop tabs and line breaks and turn backslashes into slashes.
  if (hasForbiddenCharacter(text)) return problem('url_has_forbidden_characters');
  const syntaxProblem = urlSyntaxProblem(text);
  if (syntaxProblem) return problem(syntaxProblem);
  const url = new URL(text);
  if (url.href.length > MAX_LENGTH) return problem('url_too_long_as_sent');
  if (url.username || url.password) return problem('url_has_credentials');
  if (text.includes('#')) return problem('url_has_fragment');

  const host = hostOf(url);
  if (host === '') return problem('url_has_no_host');
  const family = familyOf(host);
  const hostProblem = family ? undefined : hostNameProblem(host);
  if (hostProblem) return problem(hostProblem);
  const violatedRule = isExempt(host, guard) ? undefined : findViolatedRule(url, host, rules, guard);
  if (violatedRule) return problem(violatedRule);
  const { port } = originOf(url);
  if (!guard.allowsPort(port)) return problem('url_port_not_allowed');
  return guard.isOwnService(host, port) ? problem('url_own_service') : url;
}

function findViolatedRule(
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

/** The host in the form that DNS and TLS use: without the brackets of IPv6 and without a final dot. */
export const hostOf = (url: URL): string => stripBracketsAndDot(url.hostname);

/** Path and query exactly as in the URL: `search` would lose the question mark of `/a?`. */
export const requestTargetOf = ({ href, origin }: URL): string => href.slice(origin.length);

/** The host and port to dial for a URL that parseTargetUrl accepted. */
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
