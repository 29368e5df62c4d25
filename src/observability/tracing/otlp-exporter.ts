import { otlpJson } from './otlp-json.ts';
import type { EndedSpan, SpanAttributes } from './tracer.ts';

export type OtlpExporterOptions = {
  /** Base URL of the collector; spans go to `<url>/v1/traces`. */
  url: string;
  headers: Record<string, string>;
  resource: SpanAttributes;
  version: string;
  /** Called with the first failure after a success, and with the first success after a failure. */
  onFailing(reason: string): void;
  onWorking(): void;
  /** Called with the number of spans that are given up. */
  onLost(spans: number): void;
  flushEveryMs?: number;
};

export type OtlpExporter = {
  add(span: EndedSpan): void;
  /** Sends what is left, within 3 s. */
  close(): Promise<void>;
};

/** About a megabyte. If the collector is away for longer, further spans are lost. */
const MAX_QUEUED = 2_048;
const BATCH = 512;
const FLUSH_EVERY_MS = 2_000;
const RETRY_AFTER_MS = 5_000;
const REQUEST_TIMEOUT_MS = 10_000;
const CLOSE_WITHIN_MS = 3_000;
/** The collector asks to repeat the request (OTLP specification, "Retryable Response Codes"). */
const RETRYABLE = [429, 502, 503, 504];

/** Sends spans in batches, one request at a time. Nothing waits for it, and its failures reach nobody but the log. */
export function createOtlpExporter(options: OtlpExporterOptions): OtlpExporter {
  const { url, headers, resource, version, onFailing, onWorking, onLost } = options;
  const queue: EndedSpan[] = [];
  let isFailing = false;
  let notBefore = 0;
  let flushing: Promise<void> | null = null;
  const timer = setInterval(() => void flush(), options.flushEveryMs ?? FLUSH_EVERY_MS).unref();

  function flush(): Promise<void> {
    if (queue.length > 0 && performance.now() >= notBefore)
      flushing ??= sendBatch(REQUEST_TIMEOUT_MS).finally(() => (flushing = null));
    return flushing ?? Promise.resolve();
  }

  async function sendBatch(timeoutMs: number): Promise<void> {
    const batch = queue.slice(0, BATCH);
    const failure = await post(otlpJson(resource, version, batch), timeoutMs);
    if (failure?.isRetryable) notBefore = performance.now() + RETRY_AFTER_MS;
    else queue.splice(0, batch.length);
    if (failure && !failure.isRetryable) onLost(batch.length);
    if (failure && !isFailing) onFailing(failure.reason);
    if (!failure && isFailing) onWorking();
    isFailing = failure !== null;
  }

  async function post(
    body: string,
    timeoutMs: number,
  ): Promise<{ reason: string; isRetryable: boolean } | null> {
    try {
      const response = await fetch(`${url}/v1/traces`, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body,
        redirect: 'error',
        signal: AbortSignal.timeout(timeoutMs),
      });
      // Read to its end, so that the connection can be used again.
      await response.arrayBuffer();
      if (response.ok) return null;
      return { reason: `status ${response.status}`, isRetryable: RETRYABLE.includes(response.status) };
    } catch (error) {
      return { reason: reasonOf(error), isRetryable: true };
    }
  }

  return {
    add(span) {
      if (queue.length >= MAX_QUEUED) {
        onLost(1);
        return;
      }
      queue.push(span);
      if (queue.length % BATCH === 0) void flush();
    },
    async close() {
      clearInterval(timer);
      const until = performance.now() + CLOSE_WITHIN_MS;
      await flushing;
      while (queue.length > 0 && performance.now() < until) {
        const { length } = queue;
        await sendBatch(Math.max(1, Math.ceil(until - performance.now())));
        if (queue.length === length) break;
      }
      if (queue.length > 0) onLost(queue.length);
    },
  };
}

/** fetch reports what happened as the cause of a general error. */
function reasonOf(error: unknown): string {
  const { cause = error } = error as { cause?: unknown };
  const { code, name } = cause as { code?: unknown; name?: string };
  return typeof code === 'string' ? code : (name ?? 'unknown');
}
