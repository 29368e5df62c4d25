/** Top-level names that are never on the public internet (RFC 6761, 6762, 8375; ICANN reserved `internal`). */
const LOCAL_SUFFIX = /(?:^|\.)(?:localhost|localdomain|local|internal|home\.arpa)$/;

/**
 * Top-level names that never resolve in DNS: RFC 6761 (`invalid`), RFC 7686 (`onion`), RFC 9476 (`alt`). `local` is not
 * listed: RFC 6762 reserves it for multicast, but Kubernetes name servers resolve `svc.cluster.local`. Neither are `test`
 * and `example`, which RFC 6761 says programs should treat like any other name.
 */
const NEVER_IN_DNS = /(?:^|\.)(?:invalid|onion|alt)$/;

export type HostProblem =
  | 'url_host_has_wildcard'
  | 'url_host_has_empty_label'
  | 'url_host_has_invalid_characters'
  | 'url_host_too_long'
  | 'url_host_never_resolves';

/** Why a name can never resolve in DNS; undefined if it may. The length limits are those of RFC 1035 section 2.3.4. */
export function hostNameProblem(name: string): HostProblem | undefined {
  const labels = name.split('.');
  if (labels.includes('')) return 'url_host_has_empty_label';
  if (name.includes('*')) return 'url_host_has_wildcard';
  if (!/^[a-z0-9._-]+$/.test(name)) return 'url_host_has_invalid_characters';
  if (name.length > 253 || labels.some((label) => label.length > 63)) return 'url_host_too_long';
  return NEVER_IN_DNS.test(name) ? 'url_host_never_resolves' : undefined;
}

/** True for a name that is not on the public internet: a single label, or a reserved top-level name. */
export const isLocalName = (name: string): boolean => LOCAL_SUFFIX.test(name) || !name.includes('.');

/** A host without the brackets of an IPv6 address and without the final dot of an absolute name. */
export const stripBracketsAndDot = (host: string): string => host.replace(/^\[|\]$/g, '').replace(/\.$/, '');

export const isLocalhost = (host: string): boolean => host === 'localhost' || host.endsWith('.localhost');
