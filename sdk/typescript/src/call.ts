import { errorFromResponse } from './posthorn-error.ts';

export type Connection = {
  /** The address of the API, such as `https://posthorn.example.com`. */
  url: string;
  /** May be left out if `fetch` signs in, as the cookie of the dashboard does. */
  apiKey?: string;
  /** The project of the calls, if `apiKey` is the admin key. */
  project?: string;
  /** 75,000 by default, because a call may wait up to 60 s for its deliveries. */
  timeoutMs?: number;
  /** Ends the calls that are under way, and each later one, when it is aborted. */
  signal?: AbortSignal;
  /** Replaces the global fetch, for proxies and tests. */
  fetch?: typeof fetch;
};

export type CallInput = {
  query?: object;
  body?: unknown;
  idempotencyKey?: string | undefined;
  /** A status that is accepted in addition to 2xx. */
  alsoAccept?: number;
};

/** With the same key, a call that is repeated within 24 hours gets the response of the first one and creates nothing. */
export type CreateOptions = { idempotencyKey?: string };

/** Calls the API and returns the JSON of the response. Throws a PosthornError if the API refuses the call. */
export type Call = <T>(method: string, path: string, input?: CallInput) => Promise<T>;

export function createCall(connection: Connection): Call {
  const { timeoutMs = 75_000, signal } = connection;
  return async <T>(
    method: string,
    path: string,
    { query = {}, body, idempotencyKey, alsoAccept }: CallInput = {},
  ) => {
    const timeout = AbortSignal.timeout(timeoutMs);
    const response = await request(connection, path + queryText(query), {
      method,
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      ...(body !== undefined && { body: JSON.stringify(body) }),
      headers: {
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(idempotencyKey !== undefined && { 'idempotency-key': idempotencyKey }),
      },
    });
    if (!response.ok && response.status !== alsoAccept) throw await errorFromResponse(response);
    return (response.status === 204 ? undefined : await response.json()) as T;
  };
}

/** Sends a request with the key. Does not follow redirects, because another server would receive the key. */
export function request(
  { url, apiKey, project, fetch: fetchImpl = fetch }: Connection,
  path: string,
  { headers, ...init }: RequestInit & { headers?: Record<string, string> },
): Promise<Response> {
  return fetchImpl(url.replace(/\/+$/, '') + path, {
    ...init,
    redirect: 'manual',
    headers: {
      ...(apiKey !== undefined && { authorization: `Bearer ${apiKey}` }),
      ...(project !== undefined && { 'posthorn-project': project }),
      ...headers,
    },
  });
}

/** Returns `?a=1&b=2` without undefined members; an empty string if there are none. */
export function queryText(query: object): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) parameters.append(name, String(value));
  }
  const text = parameters.toString();
  return text === '' ? '' : `?${text}`;
}
