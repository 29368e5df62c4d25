import type { OutboundResult } from '../egress/outbound.ts';
import type { Span, Tracer } from '../observability/tracing/tracer.ts';
import { parseTraceContext, type TraceHeaders, traceHeaders } from '../policy/trace-context.ts';
import type { Claim } from '../store/deliveries/claims/claim-deliveries.ts';
import type { PreparedRequest } from './prepare-request.ts';

export type TracedAttempt = {
  request: PreparedRequest;
  /** Null if a step of the attempt failed inside Posthorn. */
  end(result: OutboundResult | null): void;
};

export type TraceAttempt = (claim: Claim, request: PreparedRequest) => TracedAttempt;

/**
 * Makes each attempt of an event that has a trace a span of it. With `send`, the receiver gets the headers `traceparent`
 * and `tracestate`, unless the profile or the endpoint sets `traceparent`.
 */
export function createTraceAttempt(tracer: Tracer | undefined, send: boolean): TraceAttempt {
  return (claim, request) => {
    const parent = parseTraceContext(claim.traceparent, claim.tracestate);
    if (!parent) return { request, end: () => {} };
    const span = tracer?.start('attempt', 'client', parent, {
      'posthorn.project': claim.projectId,
      'posthorn.event': claim.eventId,
      'posthorn.event_type': claim.type,
      'posthorn.delivery': claim.id,
      'posthorn.endpoint': claim.endpointId,
      'posthorn.attempt': claim.attempts + 1,
      'http.request.method': 'POST',
    });
    return {
      request: send ? withTrace(request, traceHeaders(span?.context ?? parent)) : request,
      end: (result) => span && endSpan(span, result),
    };
  };
}

/** An attempt that was not started is no span: the delivery becomes due again, and makes another. */
function endSpan(span: Span, result: OutboundResult | null): void {
  if (result?.kind === 'not_started') return;
  if (result === null || result.kind === 'proxy_failed') {
    span.end({}, result?.kind ?? 'internal_error');
    return;
  }
  const { outcome, statusCode } = result;
  const isDelivered = outcome === 'delivered';
  const code = result.error?.code ?? (statusCode === null ? outcome : String(statusCode));
  span.end(
    {
      'posthorn.outcome': outcome,
      'http.response.status_code': statusCode,
      ...(!isDelivered && { 'error.type': code }),
    },
    isDelivered ? undefined : code,
  );
}

/** The two headers belong together, so a `traceparent` of the profile or the endpoint gets no `tracestate` of another trace. */
function withTrace(request: PreparedRequest, { traceparent, tracestate }: TraceHeaders): PreparedRequest {
  const own = new Set(Object.keys(request.headers).map((name) => name.toLowerCase()));
  if (own.has('traceparent')) return request;
  const added = { traceparent, ...(tracestate !== undefined && !own.has('tracestate') && { tracestate }) };
  return {
    ...request,
    headers: { ...request.headers, ...added },
    maskedHeaders: { ...request.maskedHeaders, ...added },
  };
}
