/**
 * Whether the header If-None-Match says that the client already has this version (RFC 9110, section 13.1.2). Tags are
 * compared weakly, and `*` matches every version.
 */
export function matchesIfNoneMatch(ifNoneMatch: string | undefined, tag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  if (ifNoneMatch.trim() === '*') return true;
  return ifNoneMatch.split(',').some((listed) => opaque(listed.trim()) === opaque(tag));
}

const opaque = (tag: string): string => tag.replace(/^W\//, '');
