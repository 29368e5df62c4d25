import type { ListenerRequest } from '../../../../sdk/typescript/src/listener-stream.ts';
import type { Line, Span } from '../output/lines.ts';
import { formatTime } from '../output/times.ts';
import type { Forwarded } from './forward.ts';

/** A forwarded request as JSON. */
export const requestItem = (
  { delivery, attempt, event, type }: ListenerRequest,
  { status, error, durationMs = 0 }: Forwarded,
  at: Date,
) => ({
  at: at.toISOString(),
  delivery,
  attempt,
  event,
  type,
  status: status ?? null,
  error: error ?? null,
  durationMs: Math.round(durationMs),
});

/** The same as a line, such as `12:03:04 render.completed evt_… → 200 38 ms`. */
export function requestLine(
  { event, type, attempt }: ListenerRequest,
  { status, error, durationMs = 0 }: Forwarded,
  at: Date,
): Line {
  const isSuccess = status !== undefined && status < 300;
  const outcome: Span = { text: String(status ?? error), tone: isSuccess ? 'good' : 'bad' };
  const details = [`${Math.round(durationMs)} ms`, ...(attempt > 1 ? [`attempt ${attempt}`] : [])];
  return [`${formatTime(at)} ${type} ${event} → `, outcome, ` ${details.join(', ')}`];
}

/** The body of a request, indented where it is JSON. */
export function bodyLines({ event, body }: ListenerRequest): Line[] {
  const lines: Line[] = [[{ text: `body of ${event}`, tone: 'dim' }]];
  return [...lines, ...indented(body).map((line): Line => [`  ${line}`])];
}

/** Numbers beyond what a JSON parser keeps would change, so such a body is shown as it is. */
function indented(body: string): string[] {
  try {
    const parsed: unknown = JSON.parse(body);
    if (JSON.stringify(parsed) !== body) return [body];
    return JSON.stringify(parsed, null, 2).split('\n');
  } catch {
    return [body];
  }
}
