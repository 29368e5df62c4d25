import { setTimeout as sleep } from 'node:timers/promises';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  type SpanExporter,
  type SpanProcessor,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { createTracer, type Tracer } from './tracer.ts';

export type OtlpExportOptions = {
  /** Base URL of the collector; spans go to `<url>/v1/traces`. */
  url: string;
  headers: Record<string, string>;
  /** The share of the traces that begin here to export, from 0 to 1. The caller decides about its own. */
  sampling: number;
  resource: Record<string, string>;
  version: string;
  /** Called with the first failure after a success, and with the first success after a failure. */
  onFailing(reason: string): void;
  onWorking(): void;
  /** Called with the number of spans that are given up. */
  onLost(spans: number): void;
  /** Shorter in tests. */
  times?: Times;
};

/** How often a batch is sent, and how long it may take with its repetitions. */
type Times = { flushEveryMs: number; timeoutMs: number };

export type OtlpExport = {
  tracer: Tracer;
  /** Sends what is left, within 3 s. */
  close(): Promise<void>;
};

/** About a megabyte. While as many wait, further spans are lost. */
const MAX_QUEUED = 2_048;
const BATCH = 512;
const TIMES: Times = { flushEveryMs: 2_000, timeoutMs: 10_000 };
const CLOSE_WITHIN_MS = 3_000;
/** `ExportResultCode` of the SDK. */
const SUCCESS = 0;

/** Exports spans in batches. Nothing waits for it, and its failures reach nobody but the log. */
export function startOtlpExport(options: OtlpExportOptions): OtlpExport {
  const { url, headers, sampling, resource, version, times = TIMES, ...listeners } = options;
  const exporter = new OTLPTraceExporter({
    url: `${url}/v1/traces`,
    headers,
    timeoutMillis: times.timeoutMs,
  });
  const provider = new TracerProvider({
    resource: resourceFromAttributes(resource),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(sampling) }),
    spanProcessors: [createSpanQueue(exporter, times, listeners)],
  });
  return {
    tracer: createTracer(provider.getTracer('posthorn', version)),
    close: () =>
      Promise.race([
        provider.shutdown().catch(() => {}), // rejects if spans were lost, which was reported
        sleep(CLOSE_WITHIN_MS, undefined, { ref: false }),
      ]),
  };
}

type Listeners = Pick<OtlpExportOptions, 'onFailing' | 'onWorking' | 'onLost'>;

/** The queue of the SDK, which tells nobody what it loses. */
function createSpanQueue(
  exporter: SpanExporter,
  { flushEveryMs, timeoutMs }: Times,
  { onFailing, onWorking, onLost }: Listeners,
): SpanProcessor {
  let queued = 0;
  let isFailing = false;
  const reported: SpanExporter = {
    export(spans, done) {
      queued -= spans.length;
      exporter.export(spans, (result) => {
        const hasFailed = result.code !== SUCCESS;
        if (hasFailed) onLost(spans.length);
        if (hasFailed && !isFailing) onFailing(reasonOf(result.error));
        if (!hasFailed && isFailing) onWorking();
        isFailing = hasFailed;
        done(result);
      });
    },
    shutdown: () => exporter.shutdown(),
  };
  const queue = new BatchSpanProcessor({
    exporter: reported,
    maxQueueSize: MAX_QUEUED,
    maxExportBatchSize: BATCH,
    scheduledDelayMillis: flushEveryMs,
    exportTimeoutMillis: 2 * timeoutMs, // the exporter ends by itself
  });
  return {
    onStart: (span, context) => queue.onStart(span, context),
    onEnd(span) {
      if (queued >= MAX_QUEUED) {
        onLost(1);
        return;
      }
      queued += 1;
      queue.onEnd(span);
    },
    forceFlush: () => queue.forceFlush(),
    shutdown: () => queue.shutdown(),
  };
}

/** A code; never the response of the collector. */
function reasonOf(error: (Error & { code?: unknown; cause?: unknown }) | undefined): string {
  if (typeof error?.code === 'number') return `status ${error.code}`;
  if (typeof error?.code === 'string') return error.code;
  const { code } = (error?.cause ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : (error?.name ?? 'unknown');
}
