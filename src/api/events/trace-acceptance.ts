import type { IncomingHttpHeaders } from 'node:http';
import type { Tracer } from '../../observability/tracing/tracer.ts';
import { parseTraceContext, type TraceHeaders, traceHeaders } from '../../policy/trace-context.ts';
import { Problem } from '../problems/problem.ts';

/** `sendsTraceparent`: attempts have the caller's headers even if no spans are exported. */
export type EventTracing = { tracer?: Tracer | undefined; sendsTraceparent: boolean };

export type TracedAcceptance = {
  /** To be stored with the events; undefined if their attempts belong to no trace. */
  headers: TraceHeaders | undefined;
  /** Ends the span of a call that has stored `events`. */
  accepted(events: number): void;
  /** Ends the span of a call that failed, if it has not ended. */
  failed(error: unknown): void;
};

const UNTRACED: TracedAcceptance = { headers: undefined, accepted: () => {}, failed: () => {} };

/** Begins the span of a call that posts events: in the trace of the caller's header `traceparent`, or in a new one. */
export function traceAcceptance(
  tracing: EventTracing | undefined,
  route: string,
  projectId: string,
  { traceparent, tracestate }: IncomingHttpHeaders,
): TracedAcceptance {
  if (!tracing) return UNTRACED;
  const { tracer, sendsTraceparent } = tracing;
  const parent = parseTraceContext(textOf(traceparent), textOf(tracestate));
  const span = tracer?.start(`POST ${route}`, 'server', parent, {
    'posthorn.project': projectId,
    'http.request.method': 'POST',
    'http.route': route,
  });
  // Without a span of ours, the receiver continues the trace of the caller.
  const unexported = sendsTraceparent ? parent : undefined;
  const context = span?.context.sampled ? span.context : unexported;
  return {
    headers: context && traceHeaders(context),
    accepted: (events) => span?.end({ 'posthorn.events': events }),
    failed: (error) => {
      const code = error instanceof Problem ? error.code : 'internal_error';
      // By convention, what the caller did wrong is no error of the span.
      const isOurs = !(error instanceof Problem) || error.status >= 500;
      span?.end({ 'error.type': code }, isOurs ? code : undefined);
    },
  };
}

/** Node joins a header that is sent several times with commas. */
const textOf = (header: string | string[] | undefined): string | undefined =>
  typeof header === 'string' ? header : undefined;
