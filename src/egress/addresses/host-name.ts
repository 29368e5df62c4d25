/** Top-level names that never lead to the public internet (RFC 6761, 6762, 8375; ICANN reserved `internal`). */
const LOCAL_SUFFIX = /(?:^|\.)(?:localhost|localdomain|local|internal|home\.arpa)$/;

/**
 * Names that no DNS may ever hold: RFC 6761 (`invalid`), RFC 7686 (`onion`), RFC 9476 (`alt`). `local` is not among
 * them, although RFC 6762 gives it to multicast: name servers of clusters answer for `svc.cluster.local`. Nor are `test`
 * and `example`, which RFC 6761 asks programs to treat like any other name.
 */
const NEVER_IN_DNS = /(?:^|\.)(?:invalid|onion|alt)$/;

export type HostProblem =
  | 'url_host_has_wildcard'
  | 'url_host_has_empty_label'
  | 'url_host_has_invalid_characters'
  | 'url_host_too_long'
  | 'url_host_never_resolves';

/** Why no name server can ever resolve the name: RFC 1035 section 2.3.4 for the lengths; undefined when one may. */
export function hostNameProblem(name: string): HostProblem | undefined {
  const labels = name.split('.');
  if (labels.includes('')) return 'url_host_has_empty_label';
  if (name.includes('*')) return 'url_host_has_wildcard';
  if (!/^[a-z0-9._-]+$/.test(name)) return 'url_host_has_invalid_characters';
  if (name.length > 253 || labels.some((label) => label.length > 63)) return 'url_host_too_long';
  return NEVER_IN_DNS.test(name) ? 'url_host_never_resolves' : undefined;
}

/** True for a name that the public internet does not have: of one label, or below a top-level name kept for networks. */
export const isLocalName = (name: string): boolean => LOCAL_SUFFIX.test(name) || !name.includes('.');

export const isLocalhost = (host: string): boolean => host === 'localhost' || host.endsWith('.localhost');
