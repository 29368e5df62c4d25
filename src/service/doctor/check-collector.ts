import type { OtlpConfig } from '../../config/config.ts';
import { errorCodeOf } from '../start-failure.ts';
import { type Checks, ok, warning } from './check.ts';

const TIMEOUT_MS = 10_000;
/** A request that the protocol allows, and that stores nothing. */
const NO_SPANS = JSON.stringify({ resourceSpans: [] });

/** Sends no spans to the collector. Only warnings: deliveries do not depend on it. The path of its URL may be secret. */
export async function* checkCollector(
  { url, headers }: Pick<OtlpConfig, 'url' | 'headers'>,
  timeoutMs = TIMEOUT_MS,
): Checks {
  const { origin } = new URL(url);
  const fix =
    'Check POSTHORN_OTLP_URL: the base URL for OTLP over HTTP, often at port 4318, without /v1/traces.';
  let status: number;
  try {
    const response = await fetch(`${url}/v1/traces`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: NO_SPANS,
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    });
    await response.body?.cancel();
    status = response.status;
  } catch (error) {
    yield warning('traces', `The collector at ${origin} cannot be reached (${reasonOf(error)}).`, fix);
    return;
  }
  if (status >= 200 && status <= 299) yield ok('traces', `The collector at ${origin} accepts spans.`);
  else if (status === 401 || status === 403)
    yield warning(
      'traces',
      `The collector at ${origin} refuses access (${status}).`,
      'Check POSTHORN_OTLP_HEADERS.',
    );
  else yield warning('traces', `The collector at ${origin} does not accept spans (${status}).`, fix);
}

/** `fetch` has the reason in the cause of its error. */
function reasonOf(error: unknown): string {
  const { name, cause } = error as { name?: unknown; cause?: unknown };
  return name === 'TimeoutError' ? 'no response' : (errorCodeOf(cause) ?? 'no connection');
}
