import {
  createTraceState,
  type Tracer as OtelTracer,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import type { TraceContext } from '../../policy/trace-context.ts';

export type SpanAttributes = Record<string, string | number | null>;

export type Span = {
  context: TraceContext;
  /** `error`: why it failed, as a short code. Only the first call has an effect. A span that never ends is not exported. */
  end(attributes?: SpanAttributes, error?: string): void;
};

export type Tracer = {
  /** Without a parent, a trace begins, which is sampled by chance. */
  start(
    name: string,
    kind: keyof typeof KINDS,
    parent: TraceContext | undefined,
    attributes: SpanAttributes,
  ): Span;
};

const KINDS = { server: SpanKind.SERVER, client: SpanKind.CLIENT };

/** Spans whose parents may be in other processes, in the words of Posthorn. */
export const createTracer = (tracer: OtelTracer): Tracer => ({
  start(name, kind, parent, attributes) {
    const span = tracer.startSpan(
      name,
      { kind: KINDS[kind], attributes: withoutNull(attributes) },
      parent ? trace.setSpanContext(ROOT_CONTEXT, remoteContext(parent)) : ROOT_CONTEXT,
    );
    const { traceId, spanId, traceFlags } = span.spanContext();
    return {
      context: {
        traceId,
        spanId,
        sampled: (traceFlags & TraceFlags.SAMPLED) !== 0,
        ...(parent?.state !== undefined && { state: parent.state }),
      },
      end(more = {}, error) {
        if (!span.isRecording()) return; // not sampled, or it has ended
        span.setAttributes(withoutNull(more));
        if (error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: error });
        span.end();
      },
    };
  },
});

const remoteContext = ({ traceId, spanId, sampled, state }: TraceContext) => ({
  traceId,
  spanId,
  traceFlags: sampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
  isRemote: true,
  ...(state !== undefined && { traceState: createTraceState(state) }),
});

const withoutNull = (attributes: SpanAttributes): Record<string, string | number> =>
  Object.fromEntries(
    Object.entries(attributes).filter((entry): entry is [string, string | number] => entry[1] !== null),
  );
