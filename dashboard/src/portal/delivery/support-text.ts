import type { Event } from '../../../../sdk/typescript/src/models.ts';
import { type Lane, urlOf } from '../../delivery/lane.ts';
import { customerCause, stateWord } from '../words.ts';

/** What to send to whoever helps: ids and causes, without the data of the event. */
export function supportText(event: Event, lane: Lane): string {
  const { delivery, attempts } = lane;
  return [
    `Event ${event.id} (${event.type}), created ${event.createdAt}`,
    `Delivery ${delivery.id} to ${withoutQuery(urlOf(event, lane))}: ${stateWord(delivery.status)}`,
    ...attempts.map(
      (attempt) =>
        `Attempt ${attempt.number}, ${attempt.startedAt}: ${customerCause(attempt)}, after ${attempt.durationMs} ms`,
    ),
  ].join('\n');
}

/** A query may hold a key. */
const withoutQuery = (url: string): string => url.replace(/[?#].*$/, '');
