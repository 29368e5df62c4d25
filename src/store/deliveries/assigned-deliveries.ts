import type { Queryable } from '../postgres/database.ts';

/** SQL: whether the delivery `d` must be in the table assigned_first_attempts. */
const IS_ASSIGNED_FIRST_ATTEMPT = `d.status = 'pending' AND d.owner IS NOT NULL`;

/**
 * SQL: the deliveries that have an owner and whose due time is in a range, such as `<= now()`. Retries come from the index
 * deliveries_assigned. First attempts come from assigned_first_attempts: if an index had them, no record of one could be a HOT
 * update. With OFFSET 0 each of them is looked up by its id, whatever the plan was made for.
 */
export const assignedDeliveries = (columns: string, dueRange: string): string => `
  SELECT ${columns} FROM deliveries d WHERE d.owner IS NOT NULL AND d.indexed_due_at ${dueRange}
  UNION ALL
  SELECT ${columns}
  FROM assigned_first_attempts listed
  CROSS JOIN LATERAL (SELECT * FROM deliveries WHERE id = listed.delivery_id OFFSET 0) AS d
  WHERE ${IS_ASSIGNED_FIRST_ATTEMPT} AND d.due_at ${dueRange}`;

const MAX_REMOVED = 10_000;

// The lock on the delivery orders this with an assignment, which would otherwise find the row here, add none, and lose it to
// this statement. What retention has removed has no lock, and is never assigned again.
const REMOVE_OUTDATED = `
  WITH outdated AS (
    SELECT listed.delivery_id, d.id
    FROM assigned_first_attempts listed
    LEFT JOIN LATERAL (SELECT * FROM deliveries WHERE id = listed.delivery_id OFFSET 0) AS d ON true
    WHERE d.id IS NULL OR NOT (${IS_ASSIGNED_FIRST_ATTEMPT})
    LIMIT ${MAX_REMOVED}
  ), locked AS (
    SELECT d.id FROM deliveries d JOIN outdated ON outdated.id = d.id
    WHERE NOT (${IS_ASSIGNED_FIRST_ATTEMPT})
    FOR UPDATE OF d SKIP LOCKED
  )
  DELETE FROM assigned_first_attempts listed
  WHERE listed.delivery_id IN (SELECT id FROM locked UNION ALL SELECT delivery_id FROM outdated WHERE id IS NULL)`;

/**
 * Removes up to 10,000 rows of assigned_first_attempts whose deliveries were cancelled, held or made unassigned, or no longer
 * exist. Records remove theirs at once. Returns how many were removed.
 */
export async function removeOutdatedFirstAttempts(db: Queryable): Promise<number> {
  const { rowCount } = await db.query(REMOVE_OUTDATED);
  return rowCount ?? 0;
}
