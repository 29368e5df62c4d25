/** Bodies of events have up to 1 MB: those of a few pages that were looked at last. */
const KEPT = 4;

let known = new Map<string, { tag: string; body: string }>();

/** Nothing of a session may be left for the next one. */
export function forgetVersions(): void {
  known = new Map();
}

/**
 * Fetches an address whose responses have a tag, and answers with the body that is known if the server says that it is
 * current. The browser keeps none of them, as the API asks.
 */
export async function fetchIfChanged(url: string, init: RequestInit, project: string): Promise<Response> {
  // A response that comes after they were forgotten goes with the old ones.
  const versions = known;
  const key = `${project} ${url}`;
  const version = versions.get(key);
  const headers = new Headers(init.headers);
  if (version) headers.set('if-none-match', version.tag);
  const response = await fetch(url, { ...init, headers });
  if (response.status === 304 && version) return jsonResponse(version.body);
  const tag = response.headers.get('etag');
  if (!response.ok || tag === null) return response;
  const body = await response.text();
  versions.delete(key);
  versions.set(key, { tag, body });
  for (const oldest of versions.keys()) {
    if (versions.size <= KEPT) break;
    versions.delete(oldest);
  }
  return jsonResponse(body);
}

const jsonResponse = (body: string): Response =>
  new Response(body, { headers: { 'content-type': 'application/json' } });
