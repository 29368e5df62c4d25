import { TryFailure } from './try-failure.ts';

/** Calls the API and returns the JSON of its response. Throws a TryFailure on an error response, or on none. */
export type CallApi = <T>(method: string, path: string, body?: unknown) => Promise<T>;

const CALL_TIMEOUT_MS = 15_000;

export function createCallApi(url: string, key: string): CallApi {
  return async <T>(method: string, path: string, body?: unknown) => {
    const response = await fetch(url + path, {
      method,
      redirect: 'manual', // the key must not be sent to another address
      signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    }).catch(() => {
      throw new TryFailure(
        `No Posthorn responds at ${url}. Start one with "npm start", or set its URL with --url.`,
      );
    });
    const json = parseJson(await response.text());
    if (response.ok) return json as T;
    throw new TryFailure(`${method} ${path} failed with ${response.status}: ${describeProblem(json)}`);
  };
}

type Problem = { detail?: string; errors?: { pointer: string; detail: string }[] };

function describeProblem(json: unknown): string {
  const { detail = 'the response is not from Posthorn', errors = [] } = (json ?? {}) as Problem;
  return [detail, ...errors.map((error) => `${error.pointer} ${error.detail}`)].join(' · ');
}

/** Undefined if the text is not JSON: another program may be listening on the port. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
