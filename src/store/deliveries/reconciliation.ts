import { SCHEDULE_OWNER } from '../../policy/owner.ts';
import type { Queryable } from '../postgres/database.ts';
import { isProcessLost } from '../processes/processes.ts';
import { assignedDeliveries } from './assigned-deliveries.ts';
import { isExpressOwnerSql } from './express-owner-sql.ts';

/** A workflow, and those of its deliveries that have been due for longer than expected. */
export type OverdueOwner = { owner: string; ids: string[] };

/** An attempt of a living process is over by then: the longest timeout is a minute. */
const EXPRESS_OVERDUE_MS = 90_000;

// A process that is alive ends its own attempts, however slow the receiver.
const OVERDUE = `
  SELECT owner, array_agg(id ORDER BY id) AS ids
  FROM (${assignedDeliveries('d.id, d.owner, d.due_at, d.process_id', `< now() - $1 * interval '1 millisecond'`)}) AS d
  WHERE owner <> '${SCHEDULE_OWNER}'
    AND (NOT ${isExpressOwnerSql('owner')} OR ${isProcessLost('process_id')}
         OR due_at < now() - interval '${EXPRESS_OVERDUE_MS} milliseconds')
    AND NOT EXISTS (SELECT FROM unnest($3::text[]) AS known (owner) WHERE known.owner = d.owner)
  GROUP BY owner
  ORDER BY min(due_at)
  LIMIT $2`;

/** Returns up to `limit` owners of deliveries that have been due for `overdueMs`, the longest overdue first, except the `known` ones. */
export async function overdueOwners(
  db: Queryable,
  overdueMs: number,
  limit: number,
  known: string[] = [],
): Promise<OverdueOwner[]> {
  const { rows } = await db.query<OverdueOwner>(OVERDUE, [overdueMs, limit, known]);
  return rows;
}

const ORPHANED = `
  SELECT owner, array_agg(id ORDER BY id) AS ids
  FROM (${assignedDeliveries('d.id, d.owner, d.due_at, d.process_id, d.claimed_at', `< now() - interval '1 second'`)}) AS d
  WHERE owner <> '${SCHEDULE_OWNER}' AND (claimed_at IS NULL OR ${isExpressOwnerSql('owner')})
    AND process_id = ANY ($1::text[]) AND owner <> ALL ($3::text[])
  GROUP BY owner
  ORDER BY min(due_at)
  LIMIT $2`;

/**
 * Returns up to `limit` owners of due deliveries that one of `processIds` assigned and nobody has claimed, or of which it
 * makes the first attempt itself, except the `known` ones. That process may have crashed after the commit.
 */
export async function orphanedOwners(
  db: Queryable,
  processIds: string[],
  limit: number,
  known: string[],
): Promise<OverdueOwner[]> {
  const { rows } = await db.query<OverdueOwner>(ORPHANED, [processIds, limit, known]);
  return rows;
}

const RELEASE_LOST = `
  UPDATE deliveries d SET owner = NULL
  FROM (SELECT id FROM deliveries WHERE id = ANY ($2::text[]) AND owner = $1 AND due_at IS NOT NULL
        ORDER BY id FOR UPDATE) AS lost
  WHERE d.id = lost.id`;

/**
 * Releases deliveries from a workflow that has ended, unless they have another owner by now. An open claim stays open:
 * the next owner writes it off as `unknown`, because the request may have been sent. Returns the number released.
 */
export async function releaseLost(db: Queryable, owner: string, ids: string[]): Promise<number> {
  const { rowCount } = await db.query(RELEASE_LOST, [owner, ids]);
  return rowCount ?? 0;
}
