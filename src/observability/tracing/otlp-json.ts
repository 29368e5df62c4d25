import type { EndedSpan, SpanAttributes, SpanKind } from './tracer.ts';

/** SpanKind and StatusCode of opentelemetry/proto/trace/v1/trace.proto. */
const KINDS: Record<SpanKind, number> = { server: 2, client: 3 };
const STATUS_ERROR = 2;
const FLAG_SAMPLED = 1;

/** The body of an OTLP/HTTP request in JSON: ids in hexadecimal, 64-bit numbers as text, enumerations as numbers. */
export const otlpJson = (resource: SpanAttributes, scopeVersion: string, spans: EndedSpan[]): string =>
  JSON.stringify({
    resourceSpans: [
      {
        resource: { attributes: attributesJson(resource) },
        scopeSpans: [{ scope: { name: 'posthorn', version: scopeVersion }, spans: spans.map(spanJson) }],
      },
    ],
  });

const spanJson = (span: EndedSpan): object => ({
  traceId: span.context.traceId,
  spanId: span.context.spanId,
  ...(span.parentSpanId !== undefined && { parentSpanId: span.parentSpanId }),
  flags: FLAG_SAMPLED,
  name: span.name,
  kind: KINDS[span.kind],
  startTimeUnixNano: nanoseconds(span.startedAt),
  endTimeUnixNano: nanoseconds(span.endedAt),
  attributes: attributesJson(span.attributes),
  status: span.error === undefined ? {} : { code: STATUS_ERROR, message: span.error },
});

/** A number of milliseconds does not fit into a double once it is in nanoseconds. */
const nanoseconds = (ms: number): string =>
  (BigInt(Math.trunc(ms)) * 1_000_000n + BigInt(Math.round((ms % 1) * 1e6))).toString();

const attributesJson = (attributes: SpanAttributes): object[] =>
  Object.entries(attributes).flatMap(([key, value]) =>
    value === null
      ? []
      : [{ key, value: typeof value === 'number' ? { intValue: String(value) } : { stringValue: value } }],
  );
