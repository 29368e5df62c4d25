/**
 * Whether the caller has this version already, as its header If-None-Match says (RFC 9110, 13.1.2): tags are compared
 * weakly, and `*` is any version.
 */
export function matchesIfNoneMatch(ifNoneMatch: string | undefined, tag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  if (ifNoneMatch.trim() === '*') return true;
  return ifNoneMatch.split(',').some((known) => opaque(known.trim()) === opaque(tag));
}

const opaque = (tag: string): string => tag.replace(/^W\//, '');
