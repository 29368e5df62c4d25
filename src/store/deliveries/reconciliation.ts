import type { Queryable } from '../postgres/database.ts';

/** A workflow whose deliveries have been due for longer than an attempt can take. */
export type OverdueOwner = { owner: string; ids: string[] };

const OVERDUE = `
  SELECT owner, array_agg(id ORDER BY id) AS ids
  FROM deliveries d
  WHERE owner IS NOT NULL AND due_at < now() - $1 * interval '1 millisecond'
    AND NOT EXISTS (SELECT FROM unnest($3::text[]) AS known (owner) WHERE known.owner = d.owner)
  GROUP BY owner
  ORDER BY min(due_at)
  LIMIT $2`;

/** The owners of deliveries that have been due for `overdueMs`, the longest overdue first, without those `known`. */
export async function overdueOwners(
  db: Queryable,
  overdueMs: number,
  limit: number,
  known: string[] = [],
): Promise<OverdueOwner[]> {
  const { rows } = await db.query<OverdueOwner>(OVERDUE, [overdueMs, limit, known]);
  return rows;
}

const LEFT_BEHIND = `
  SELECT owner, array_agg(id ORDER BY id) AS ids
  FROM deliveries d
  WHERE owner IS NOT NULL AND due_at < now() - interval '1 second' AND claimed_at IS NULL
    AND process_id = ANY ($1::text[]) AND owner <> ALL ($3::text[])
  GROUP BY owner
  ORDER BY min(due_at)
  LIMIT $2`;

/**
 * The owners of due deliveries that nobody has claimed, and that one of `processIds` had in hand last: it may have died
 * between their commit and the start of their workflow. Without those `known`.
 */
export async function orphanedOwners(
  db: Queryable,
  processIds: string[],
  limit: number,
  known: string[],
): Promise<OverdueOwner[]> {
  const { rows } = await db.query<OverdueOwner>(LEFT_BEHIND, [processIds, limit, known]);
  return rows;
}

const RELEASE_LOST = `
  UPDATE deliveries d SET owner = NULL
  FROM (SELECT id FROM deliveries WHERE id = ANY ($2::text[]) AND owner = $1 AND due_at IS NOT NULL
        ORDER BY id FOR UPDATE) AS mine
  WHERE d.id = mine.id`;

/**
 * Takes deliveries from a workflow that is known to be over, by compare-and-set. An open claim stays open: the
 * next owner writes it off as `unknown`, since its POST may have happened. Returns how many were released.
 */
export async function releaseLost(db: Queryable, owner: string, ids: string[]): Promise<number> {
  const { rowCount } = await db.query(RELEASE_LOST, [owner, ids]);
  return rowCount ?? 0;
}
