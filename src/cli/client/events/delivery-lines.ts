import type { Delivery } from '../../../../sdk/typescript/src/models.ts';
import type { Span } from '../output/lines.ts';
import { formatSpan, formatTime } from '../output/times.ts';
import { statusSpan } from './statuses.ts';

type DeliveryState = Pick<
  Delivery,
  | 'id'
  | 'endpoint'
  | 'status'
  | 'attempts'
  | 'lastOutcome'
  | 'lastStatusCode'
  | 'nextAttemptAt'
  | 'waitingFor'
  | 'waitingUntil'
  | 'reason'
>;

/** One delivery as a row: id, endpoint, status, attempts, the last outcome, what comes next. */
export function deliveryRow(delivery: DeliveryState): Span[] {
  const { id, endpoint, status, attempts } = delivery;
  return [
    id,
    endpoint ?? 'own target',
    statusSpan(status),
    `${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}`,
    outcomeOf(delivery),
    describeNext(delivery, Date.now()),
  ];
}

const outcomeOf = ({ lastOutcome, lastStatusCode }: DeliveryState): string =>
  [lastOutcome ?? '', lastStatusCode ?? ''].join(' ').trim();

/** What an open delivery waits for, or why a settled one was not delivered. Empty if there is nothing to say. */
export function describeNext(
  { status, reason, nextAttemptAt, waitingFor, waitingUntil }: DeliveryState,
  now: number,
): string {
  if (reason !== null && status !== 'delivered') return reason;
  if (waitingFor === null) return '';
  if (waitingFor === 'engine') return 'about to be sent';
  if (waitingFor !== 'schedule') {
    const until = waitingUntil === null ? '' : ` until ${formatTime(waitingUntil)}`;
    return `waits for ${waitingFor.replaceAll('_', ' ')}${until}`;
  }
  if (nextAttemptAt === null) return '';
  return `next attempt in ${formatSpan(Date.parse(nextAttemptAt) - now)} at ${formatTime(nextAttemptAt)}`;
}
