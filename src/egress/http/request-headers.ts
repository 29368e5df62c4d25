export type DefaultHeaders = { host: string; bodyLength: number; userAgent: string };

/** The headers of a request as names and values in turn: what the caller gave, in its order and case, and what HTTP needs. */
export function completeHeaders(given: Record<string, string>, own: DefaultHeaders): string[] {
  const complete: string[] = [];
  const names = new Set<string>();
  for (const [name, value] of Object.entries(given)) {
    names.add(name.toLowerCase());
    complete.push(name, value);
  }
  if (!names.has('host')) complete.unshift('host', own.host);
  if (!names.has('content-length')) complete.push('content-length', String(own.bodyLength));
  // Common rules of web application firewalls answer 403 to a request without it.
  if (!names.has('accept')) complete.push('accept', '*/*');
  // A compressed answer would be kept as bytes that nobody can read: nothing here unpacks it, so that no bomb can.
  if (!names.has('accept-encoding')) complete.push('accept-encoding', 'identity');
  if (!names.has('user-agent')) complete.push('user-agent', own.userAgent);
  return complete;
}
