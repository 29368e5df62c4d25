import type { Queryable } from '../postgres/database.ts';
import { assignedDeliveries } from './assigned-deliveries.ts';

// Each part uses a partial index of open deliveries. The table itself also holds a month of settled ones. Deliveries in the
// lane `restricted` without an owner wait for their receiver, and say nothing about workers.
const OLDEST_UNATTEMPTED = `
  SELECT coalesce(extract(epoch FROM now() - min(created_at)), 0)::float8 AS seconds
  FROM (
    SELECT created_at FROM (${assignedDeliveries('d.created_at, d.attempts', '<= now()')}) AS assigned WHERE attempts = 0
    UNION ALL
    SELECT created_at FROM deliveries
    WHERE owner IS NULL AND indexed_due_at IS NOT NULL AND lane <> 'restricted' AND indexed_due_at <= now() AND attempts = 0
  ) AS unattempted`;

/** Returns the age in seconds of the oldest due delivery that was never attempted and waits for a worker; 0 if there is none. */
export async function oldestUnattemptedSeconds(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ seconds: number }>(OLDEST_UNATTEMPTED);
  return rows[0]!.seconds;
}

const RETRIES_WAITING = `
  SELECT count(*)::int AS n FROM (${assignedDeliveries('d.id', '> now()')}) AS assigned`;

/** Returns the number of deliveries that wait for another attempt. */
export async function retriesWaiting(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ n: number }>(RETRIES_WAITING);
  return rows[0]!.n;
}
