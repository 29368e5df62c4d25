export type DefaultHeaders = { host: string; bodyLength: number; userAgent: string };

/** Alternating names and values: the caller's headers in their order and case, and the defaults that are missing. */
export function completeHeaders(headers: Record<string, string>, defaults: DefaultHeaders): string[] {
  const complete: string[] = [];
  const names = new Set<string>();
  for (const [name, value] of Object.entries(headers)) {
    names.add(name.toLowerCase());
    complete.push(name, value);
  }
  if (!names.has('host')) complete.unshift('host', defaults.host);
  if (!names.has('content-length')) complete.push('content-length', String(defaults.bodyLength));
  // Common rules of web application firewalls respond with 403 to a request without this header.
  if (!names.has('accept')) complete.push('accept', '*/*');
  // Responses are never decompressed, to be safe from zip bombs, so a compressed one would be stored as unreadable
  // bytes.
  if (!names.has('accept-encoding')) complete.push('accept-encoding', 'identity');
  if (!names.has('user-agent')) complete.push('user-agent', defaults.userAgent);
  return complete;
}
