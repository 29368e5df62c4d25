import { SCHEDULE_OWNER } from '../../policy/owner.ts';
import type { Queryable } from '../postgres/database.ts';
import { isProcessLost } from '../processes/processes.ts';
import { assignedDeliveries } from './assigned-deliveries.ts';

/** What is due just now is left to the workflow, which may be about to attempt it. */
const SPARED = `BETWEEN now() - interval '5 seconds' AND now() + interval '1 second'`;

// `assigned` is read once, along its index, for any number of owners. A delivery that is being attempted stays, unless the
// process that attempts it is lost: the next owner then writes the claim off.
const HAND_OVER = `
  WITH assigned AS MATERIALIZED (
    SELECT id, owner FROM (${assignedDeliveries('d.id, d.owner', 'IS NOT NULL')}) AS d WHERE owner = ANY ($1::text[])
  ), locked AS (
    SELECT d.id, d.due_at, d.status FROM deliveries d JOIN assigned ON assigned.id = d.id AND assigned.owner = d.owner
    WHERE d.due_at NOT ${SPARED} AND (d.claimed_at IS NULL OR ${isProcessLost('d.process_id')})
    ORDER BY d.id FOR UPDATE OF d
  ), handed AS (
    UPDATE deliveries d
    SET owner = CASE WHEN locked.due_at > now() AND locked.status = 'retrying' THEN '${SCHEDULE_OWNER}' END
    FROM locked WHERE d.id = locked.id
    RETURNING d.id
  )
  SELECT assigned.owner, count(handed.id)::int AS handed,
         coalesce(array_agg(assigned.id) FILTER (WHERE handed.id IS NULL), '{}') AS kept
  FROM assigned LEFT JOIN handed ON handed.id = assigned.id
  GROUP BY assigned.owner`;

/** A workflow: how many of its deliveries it has no more, and which ones it keeps. */
export type HandedOver = { owner: string; handed: number; kept: string[] };

/**
 * Takes the open deliveries from these workflows, except those that are being attempted or become due this second. What has
 * a date waits for it in Postgres; the rest waits for another workflow. A workflow that has none is not in the result.
 */
export async function handOver(db: Queryable, owners: string[]): Promise<HandedOver[]> {
  const { rows } = await db.query<HandedOver>(HAND_OVER, [owners]);
  return rows;
}
