import { reportedFailure } from '../egress/failure.ts';
import type { OutboundResult } from '../egress/outbound.ts';
import { responseOutcome } from '../egress/response-outcome.ts';
import type { ReportedResponse } from '../store/listeners/listener-requests.ts';

/** As much of a response body as is kept of the response to a URL. */
const MAX_BODY_BYTES = 16_384;

type Timing = { resent: boolean; startedAt: Date; durationMs: number };

/** The result of an attempt from what the client of the listener has reported, classified as the response to a URL is. */
export function reportedResult(url: string, reported: ReportedResponse, timing: Timing): OutboundResult {
  // The client measures without the way to it and back.
  const durationMs = Math.min(timing.durationMs, reported.durationMs ?? timing.durationMs);
  const times = { ...timing, durationMs };
  if ('error' in reported)
    return { kind: 'failed', ...reportedFailure(reported.error), statusCode: null, ...times };
  const { status, headers } = reported;
  const body = Buffer.from(reported.body, 'utf8');
  return {
    kind: 'responded',
    statusCode: status,
    headers,
    body: body.subarray(0, MAX_BODY_BYTES),
    truncated: reported.truncated || body.length > MAX_BODY_BYTES,
    ...responseOutcome(status, headers, new URL(url)),
    ...times,
  };
}
