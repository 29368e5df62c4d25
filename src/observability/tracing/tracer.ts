import { randomBytes } from 'node:crypto';
import type { TraceContext } from '../../policy/trace-context.ts';

export type SpanKind = 'server' | 'client';
export type SpanAttributes = Record<string, string | number | null>;

/** Times are in milliseconds since the epoch. `error`: why it failed, as a short code. */
export type EndedSpan = {
  context: TraceContext;
  parentSpanId: string | undefined;
  name: string;
  kind: SpanKind;
  startedAt: number;
  endedAt: number;
  attributes: SpanAttributes;
  error: string | undefined;
};

export type Span = {
  context: TraceContext;
  /** Only the first call has an effect. A span that never ends is not exported. */
  end(attributes?: SpanAttributes, error?: string): void;
};

export type Tracer = {
  /** Without a parent, a trace begins, which is sampled by chance. */
  start(name: string, kind: SpanKind, parent: TraceContext | undefined, attributes: SpanAttributes): Span;
};

/** `sampling`: the share of the traces that begin here to export, from 0 to 1. The caller decides about its own. */
export function createTracer(
  sampling: number,
  onEnded: (span: EndedSpan) => void,
  random: () => number = Math.random,
): Tracer {
  return {
    start(name, kind, parent, attributes) {
      const context = {
        traceId: parent?.traceId ?? randomId(16),
        spanId: randomId(8),
        sampled: parent ? parent.sampled : random() < sampling,
      };
      const startedAt = Date.now();
      const startedMs = performance.now();
      let ended = false;
      return {
        context,
        end(more = {}, error) {
          if (ended || !context.sampled) return;
          ended = true;
          onEnded({
            context,
            parentSpanId: parent?.spanId,
            name,
            kind,
            startedAt,
            // Not by the wall clock, which may be set in between.
            endedAt: startedAt + performance.now() - startedMs,
            attributes: { ...attributes, ...more },
            error,
          });
        },
      };
    },
  };
}

/** Never all zeros, which would not be valid: the chance is that of a collision. */
const randomId = (bytes: number): string => randomBytes(bytes).toString('hex');
