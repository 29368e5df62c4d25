import { TryFailure } from './failure.ts';

/** Calls the API and returns the JSON of its answer; throws a TryFailure when it refuses, or does not answer. */
export type CallApi = <T>(method: string, path: string, body?: unknown) => Promise<T>;

const CALL_MS = 15_000;

export function createCallApi(url: string, key: string): CallApi {
  return async <T>(method: string, path: string, body?: unknown) => {
    const response = await fetch(url + path, {
      method,
      redirect: 'manual', // the key is for this address alone
      signal: AbortSignal.timeout(CALL_MS),
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    }).catch(() => {
      throw new TryFailure(
        `No Posthorn answers at ${url}. Start one with "npm start", or name it with --url.`,
      );
    });
    const answer = jsonIn(await response.text());
    if (response.ok) return answer as T;
    throw new TryFailure(`${method} ${path} was refused with ${response.status}: ${refusalIn(answer)}`);
  };
}

type Refusal = { detail?: string; errors?: { pointer: string; detail: string }[] };

function refusalIn(answer: unknown): string {
  const { detail = 'the answer is not one of Posthorn’s', errors = [] } = (answer ?? {}) as Refusal;
  return [detail, ...errors.map((error) => `${error.pointer} ${error.detail}`)].join(' · ');
}

/** Undefined where there is none: not everything that listens on a port is a Posthorn. */
function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
