import { errorFromResponse } from './posthorn-error.ts';

export type Connection = {
  /** The address of the API, such as `https://posthorn.example.com`. */
  url: string;
  apiKey: string;
  /** The project of the calls, if `apiKey` is the admin key. */
  project?: string;
  /** 75,000 by default, because a call may wait up to 60 s for its deliveries. */
  timeoutMs?: number;
  /** Replaces the global fetch, for proxies and tests. */
  fetch?: typeof fetch;
};

export type CallInput = {
  query?: object;
  body?: unknown;
  /** A status that is accepted in addition to 2xx. */
  alsoAccept?: number;
};

/** Calls the API and returns the JSON of the response. Throws a PosthornError if the API refuses the call. */
export type Call = <T>(method: string, path: string, input?: CallInput) => Promise<T>;

export function createCall(connection: Connection): Call {
  const { timeoutMs = 75_000 } = connection;
  return async <T>(method: string, path: string, { query = {}, body, alsoAccept }: CallInput = {}) => {
    const response = await request(connection, path + queryText(query), {
      method,
      signal: AbortSignal.timeout(timeoutMs),
      ...(body !== undefined && {
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json' },
      }),
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
      authorization: `Bearer ${apiKey}`,
      ...(project !== undefined && { 'posthorn-project': project }),
      ...headers,
    },
  });
}

/** Returns `?a=1&b=2` without undefined members; an empty string if there are none. */
function queryText(query: object): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) parameters.append(name, String(value));
  }
  const text = parameters.toString();
  return text === '' ? '' : `?${text}`;
}
