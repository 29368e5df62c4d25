import type { Event, EventSummary } from '../../../../sdk/typescript/src/models.ts';

type Counted = Pick<
  EventSummary,
  | 'status'
  | 'openCount'
  | 'deliveredCount'
  | 'undeliverableCount'
  | 'cancelledCount'
  | 'retryingCount'
  | 'resentCount'
  | 'dismissedCount'
>;

/** `resent` and `dismissed`: all that failed was. Otherwise the status of the event, or that it is being retried. */
export type EventState = EventSummary['status'] | 'retrying' | 'resent' | 'dismissed';

/** What an event needs, at a glance. Of one with many deliveries only the status is known. */
export function stateOf({
  status,
  undeliverableCount,
  retryingCount,
  resentCount,
  dismissedCount,
}: Pick<
  Counted,
  'status' | 'undeliverableCount' | 'retryingCount' | 'resentCount' | 'dismissedCount'
>): EventState {
  if (status === 'pending') return retryingCount ? 'retrying' : status;
  if (status !== 'undeliverable') return status;
  const handled = (resentCount ?? 0) + (dismissedCount ?? 0);
  if (handled < undeliverableCount) return status;
  return resentCount ? 'resent' : 'dismissed';
}

/** The same of an event that names its deliveries. Of those that it does not name, any may have failed. */
export function stateOfEvent({ status, deliveries, deliveryCount }: Event): EventState {
  const failed = deliveries.filter((delivery) => delivery.status === 'undeliverable');
  const resentCount = failed.filter(({ replayedBy }) => replayedBy !== null).length;
  const dismissed = failed.filter(
    ({ replayedBy, dismissedAt }) => replayedBy === null && dismissedAt !== null,
  );
  return stateOf({
    status,
    retryingCount: deliveries.filter((delivery) => delivery.status === 'retrying').length,
    undeliverableCount: failed.length + deliveryCount - deliveries.length,
    resentCount,
    dismissedCount: dismissed.length,
  });
}

/** What became of the deliveries: those of each kind, without kinds that there are none of. */
export function countsOf(event: Counted): [n: number, word: string][] {
  const [retrying, resent, dismissed] = [event.retryingCount, event.resentCount, event.dismissedCount].map(
    (n) => n ?? 0,
  ) as [number, number, number];
  const counts: [number, string][] = [
    [event.deliveredCount, 'delivered'],
    [retrying, 'retrying'],
    // Elsewhere, those that are retried are open, too.
    [event.openCount - retrying, retrying > 0 ? 'other open' : 'open'],
    [event.undeliverableCount - resent - dismissed, 'undeliverable'],
    [resent, 'resent'],
    [dismissed, 'dismissed'],
    [event.cancelledCount, 'cancelled'],
  ];
  return counts.filter(([n]) => n > 0);
}
