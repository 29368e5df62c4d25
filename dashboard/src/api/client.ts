import { PosthornClient } from '../../../sdk/typescript/src/client.ts';
import { fetchIfChanged } from './fetch-if-changed.ts';
import { inTurn, isSearch } from './search-queue.ts';

/** The path of the public URL, without a slash at its end. The server writes it into the page. */
export const basePath =
  document.querySelector<HTMLMetaElement>('meta[name="posthorn-base"]')?.content.replace(/\/+$/, '') ?? '';

export const apiUrl = `${location.origin}${basePath}`;

type Observer = { answered(): void; failed(): void; signedOut(authorization: string | null): void };
let observer: Observer = { answered() {}, failed() {}, signedOut() {} };

/** Is told of each response, and of none. */
export function observeCalls(next: Observer): void {
  observer = next;
}

type Signature = { headers: () => Record<string, string>; credentials: RequestCredentials };

/**
 * The cookie of the operator signs calls, with a header that only a page of this origin can send, because the API answers no
 * preflight: no form can forge a call.
 */
let signature: Signature = {
  headers: () => ({ 'posthorn-dashboard': '1' }),
  credentials: 'same-origin',
};

/** Signs calls in another way from now on. */
export function signCallsWith(next: Signature): void {
  signature = next;
}

const HAS_TAG = /^\/v1\/events\/[^/]+$/;

/** The fetch of a session. */
export const sessionFetch: typeof fetch = async (input, init = {}) => {
  const url = new URL(String(input));
  const path = url.pathname.slice(basePath.length);
  const { method = 'GET' } = init;
  const headers = new Headers(init.headers);
  for (const [name, value] of Object.entries(signature.headers())) headers.set(name, value);
  const request: RequestInit = { ...init, headers, credentials: signature.credentials };
  const project = headers.get('posthorn-project') ?? '';
  const call = (): Promise<Response> => {
    init.signal?.throwIfAborted();
    return method === 'GET' && HAS_TAG.test(path)
      ? fetchIfChanged(url.href, request, project)
      : fetch(url, request);
  };
  try {
    const response = isSearch(method, path, url.searchParams) ? await inTurn(project, call) : await call();
    if (response.status === 401 && path !== '/v1/session') observer.signedOut(headers.get('authorization'));
    if (response.status === 503 || response.status === 502 || response.status === 504) observer.failed();
    else observer.answered();
    return response;
  } catch (error) {
    // A call that was given up says nothing; one that took too long does.
    if (!(error instanceof DOMException && error.name === 'AbortError')) observer.failed();
    throw error;
  }
};

const connection = { url: apiUrl, fetch: sessionFetch, timeoutMs: 30_000 };
const clients = new Map<string, PosthornClient>();

/**
 * A client of the project; without one, of what the session sees. Its calls end with `signal`, as those of a screen that
 * was left.
 */
export function clientOf(project?: string, signal?: AbortSignal): PosthornClient {
  const of = { ...connection, ...(project !== undefined && { project }) };
  if (signal) return new PosthornClient({ ...of, signal });
  const key = project ?? '';
  const known = clients.get(key);
  if (known) return known;
  const client = new PosthornClient(of);
  clients.set(key, client);
  return client;
}

/** Calls that the SDK has no method for, because only pages make them. */
export async function callSession(method: string, path: string, body?: object): Promise<Response> {
  return sessionFetch(apiUrl + path, {
    method,
    ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
}
