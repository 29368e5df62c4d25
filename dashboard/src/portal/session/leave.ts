/** The address to go to when a session has ended; the page there sees why the customer comes. */
export function withExpired(url: string): string {
  const target = new URL(url);
  target.searchParams.set('posthorn', 'session_expired');
  return target.href;
}
