import { errorFromResponse } from './posthorn-error.ts';

export type Connection = {
  /** The address of the API, such as `https://posthorn.example.com`. */
  url: string;
  apiKey: string;
  /** The project that calls are about, where the key is the admin's. */
  project?: string;
  /** 75 s when left out: more than the 60 s that a call may wait for its deliveries. */
  timeoutMs?: number;
  /** Replaces the fetch of the runtime, for proxies and tests. */
  fetch?: typeof fetch;
};

export type CallInput = {
  query?: object;
  body?: unknown;
  /** A status that is an answer like 2xx. */
  alsoAccept?: number;
};

/** Calls the API and returns the JSON of its answer; throws a PosthornError when it refuses. */
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

/** A request with the key. A redirect is not followed: the address of the API is what was given. */
export function request(
  { url, apiKey, project, fetch: send = fetch }: Connection,
  path: string,
  { headers, ...init }: RequestInit & { headers?: Record<string, string> },
): Promise<Response> {
  return send(url.replace(/\/+$/, '') + path, {
    ...init,
    redirect: 'manual',
    headers: {
      authorization: `Bearer ${apiKey}`,
      ...(project !== undefined && { 'posthorn-project': project }),
      ...headers,
    },
  });
}

/** `?a=1&b=2`, without the members that are undefined. */
function queryText(query: object): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) parameters.append(name, String(value));
  }
  const text = parameters.toString();
  return text === '' ? '' : `?${text}`;
}
