/** The position of a span in its trace (W3C Trace Context). Ids are in lower-case hexadecimal. */
export type TraceContext = {
  traceId: string;
  spanId: string;
  sampled: boolean;
  /** The header `tracestate`: what the tracing systems of the caller pass along. */
  state?: string;
};

/** The headers of a trace context, as they are stored and sent. */
export type TraceHeaders = { traceparent: string; tracestate: string | undefined };

// A later version may append further parts, which are left out.
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/**
 * The context in the headers `traceparent` and `tracestate`; undefined if the first is missing or not valid, and then a new
 * trace begins. A `tracestate` that is not valid is left out.
 */
export function parseTraceContext(
  traceparent: string | null | undefined,
  tracestate: string | null | undefined,
): TraceContext | undefined {
  const [, version, traceId = '', spanId = '', flags = '', more] =
    TRACEPARENT.exec(traceparent?.trim() ?? '') ?? [];
  if (version === undefined || version === 'ff' || (version === '00' && more !== undefined)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  const state = parseTracestate(tracestate ?? '');
  return {
    traceId,
    spanId,
    sampled: (Number.parseInt(flags, 16) & 1) === 1,
    ...(state !== undefined && { state }),
  };
}

// The standard lets a system drop what is longer, or has more members.
const MAX_STATE_LENGTH = 512;
const MAX_STATE_MEMBERS = 32;
// A value is printable ASCII without comma and equals sign, and ends with no space.
const STATE_MEMBER =
  /^[a-z0-9][a-z0-9_\-*/@]{0,255}=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;

/** Without the space between the members and without empty ones; undefined if it has none, is not valid, or is too long. */
function parseTracestate(text: string): string | undefined {
  const members = text.split(',').map((member) => member.replace(/^[ \t]+|[ \t]+$/g, ''));
  const given = members.filter((member) => member !== '');
  const isValid = given.length <= MAX_STATE_MEMBERS && given.every((member) => STATE_MEMBER.test(member));
  const state = given.join(',');
  return isValid && state !== '' && state.length <= MAX_STATE_LENGTH ? state : undefined;
}

export const traceHeaders = ({ traceId, spanId, sampled, state }: TraceContext): TraceHeaders => ({
  traceparent: `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`,
  tracestate: state,
});
