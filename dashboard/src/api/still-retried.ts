import type { Delivery, ListDeliveriesQuery } from '../../../sdk/typescript/src/models.ts';
import { relative } from '../kit/time/time.ts';
import { clientOf } from './client.ts';

export type StillRetried = { deliveries: Pick<Delivery, 'nextAttemptAt'>[]; hasMore: boolean };

/** What a recovery leaves out because it has attempts left. */
export async function findStillRetried(
  project: string,
  { endpoint, consumer, event }: Pick<ListDeliveriesQuery, 'endpoint' | 'consumer' | 'event'>,
): Promise<StillRetried> {
  const { items, nextCursor } = await clientOf(project).deliveries.list({
    status: 'retrying',
    limit: 200,
    ...(endpoint !== undefined && { endpoint }),
    ...(consumer !== undefined && { consumer }),
    ...(event !== undefined && { event }),
  });
  return { deliveries: items, hasMore: nextCursor !== null };
}

/** `3 deliveries are still being retried, the next attempt is in 12 min.`; undefined if there are none. */
export function stillRetriedText({ deliveries, hasMore }: StillRetried, now: number): string | undefined {
  const n = deliveries.length;
  if (n === 0) return undefined;
  const next = deliveries
    .flatMap(({ nextAttemptAt }) => (nextAttemptAt === null ? [] : [Date.parse(nextAttemptAt)]))
    .sort((a, b) => a - b)[0];
  const count = `${n.toLocaleString()}${hasMore ? ' or more' : ''} ${n === 1 && !hasMore ? 'delivery is' : 'deliveries are'}`;
  const when = next === undefined ? '' : `, the next attempt is ${relative(Math.max(next, now), now)}`;
  return `${count} still being retried${when}.`;
}
