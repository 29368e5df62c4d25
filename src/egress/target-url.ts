import { isIP } from 'node:net';
import type { AddressGuard } from './address-guard.ts';

export type UrlProblem = { code: UrlProblemCode; detail: string };
export type UrlProblemCode = keyof typeof DETAILS;

export type Origin = { host: string; port: number; secure: boolean };

/** What the profile asks of an endpoint's URL; addresses that the operator allowed are exempt from both. */
export type UrlRules = { httpsOnly: boolean; publicOnly: boolean };

const MAX_LENGTH = 2_048;

const DETAILS = {
  url_invalid: 'is not an absolute URL',
  url_too_long: `is longer than ${MAX_LENGTH} characters`,
  url_has_forbidden_characters: 'contains a space, a control character or a backslash',
  url_scheme_not_allowed: 'must begin with https:// or http://',
  url_https_required: 'must begin with https://',
  url_has_credentials: 'must not contain a user name or a password',
  url_has_fragment: 'must not contain a fragment (#): it would never be sent',
  url_address_not_allowed: 'names an address that is not public',
  url_name_not_public: 'names a host that is not on the public internet',
} as const;

/** Top-level names that never lead to the public internet (RFC 6761, 6762, 8375; ICANN reserved `internal`). */
const LOCAL_SUFFIX = /(?:^|\.)(?:localhost|localdomain|local|internal|home\.arpa)$/;

/** The URL of an endpoint, or why it is refused. Names are not resolved here: that is done, and judged, at each dial. */
export function parseTargetUrl(text: string, rules: UrlRules, guard: AddressGuard): URL | UrlProblem {
  if (text.length > MAX_LENGTH) return problem('url_too_long');
  // The URL parser would drop tabs and line ends silently and turn backslashes into slashes.
  if (hasForbiddenCharacter(text)) return problem('url_has_forbidden_characters');
  if (!URL.canParse(text)) return problem('url_invalid');
  const url = new URL(text);

  if (url.protocol !== 'https:' && url.protocol !== 'http:') return problem('url_scheme_not_allowed');
  if (url.username || url.password) return problem('url_has_credentials');
  if (url.hash || text.includes('#')) return problem('url_has_fragment');
  if (url.port === '0') return problem('url_invalid');

  const host = hostOf(url);
  if (host === '') return problem('url_invalid');
  if (isExempt(host, guard)) return url;
  if (rules.httpsOnly && url.protocol !== 'https:') return problem('url_https_required');
  if (!rules.publicOnly) return url;

  const family = familyOf(host);
  if (family) return guard.allows(host, family) ? url : problem('url_address_not_allowed');
  return LOCAL_SUFFIX.test(host) || !host.includes('.') ? problem('url_name_not_public') : url;
}

/** The host as DNS and TLS know it: without the brackets of IPv6 and the dot at the end of an absolute name. */
export const hostOf = (url: URL): string => url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');

/** Where to dial for a URL that parseTargetUrl accepted. */
export function originOf(url: URL): Origin {
  const secure = url.protocol === 'https:';
  return { host: hostOf(url), port: Number(url.port || (secure ? 443 : 80)), secure };
}

export const isLocalhost = (host: string): boolean => host === 'localhost' || host.endsWith('.localhost');

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
