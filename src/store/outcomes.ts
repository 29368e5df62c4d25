import type { Queryable } from './database.ts';

/** A place in the outcome stream of one database: `identity.xid.seq` as text. */
export type Cursor = { database: string; xid: string; seq: string };

export const formatCursor = ({ database, xid, seq }: Cursor): string => `${database}.${xid}.${seq}`;

export function parseCursor(text: string): Cursor | null {
  const match = /^([0-9a-f]{8})\.(\d{1,20})\.(\d{1,19})$/.exec(text);
  return match ? { database: match[1]!, xid: match[2]!, seq: match[3]! } : null;
}

export type OutcomeRow = {
  xid: string;
  seq: string;
  at: Date;
  kind: string;
  event_id: string;
  delivery_id: string | null;
  endpoint_id: string | null;
  consumer: string | null;
  status: string;
  outcome: string | null;
  attempt: number | null;
  next_attempt_at: Date | null;
  reason: string | null;
};

const NOW = `
  SELECT left(id::text, 8) AS database, pg_snapshot_xmin(pg_current_snapshot())::text AS xid, '0' AS seq,
         outcomes_removed_below::text AS removed_below
  FROM database_identity`;

/** The place at which everything that commits from now on will stand, and the end of what retention removed. */
export async function currentCursor(db: Queryable): Promise<Cursor & { removedBelow: string }> {
  const { rows } = await db.query<Cursor & { removed_below: string }>(NOW);
  const { database, xid, seq, removed_below } = rows[0]!;
  return { database, xid, seq, removedBelow: removed_below };
}

// Only below the oldest transaction still running: a row that commits late would otherwise be passed over.
// Ordered by the table's columns: plain names would mean the texts, and '99' comes after '100'.
const AFTER = `
  SELECT xid::text, seq::text, at, kind, event_id, delivery_id, endpoint_id, consumer, status, outcome, attempt,
         next_attempt_at, reason
  FROM outcomes
  WHERE project_id = $1 AND (xid, seq) > ($2::xid8, $3::bigint)
    AND xid < pg_snapshot_xmin(pg_current_snapshot())
    AND ($4::text IS NULL OR consumer = $4)
  ORDER BY outcomes.xid, outcomes.seq
  LIMIT $5`;

/** The outcomes of a project after a cursor, in the order of the stream, without a gap. */
export async function outcomesAfter(
  db: Queryable,
  { projectId, consumer }: { projectId: string; consumer: string | null },
  cursor: Pick<Cursor, 'xid' | 'seq'>,
  limit: number,
): Promise<OutcomeRow[]> {
  const { rows } = await db.query<OutcomeRow>({
    name: 'outcomes-after',
    text: AFTER,
    values: [projectId, cursor.xid, cursor.seq, consumer, limit],
  });
  return rows;
}

const SETTLED = `
  SELECT event.project_id || '/' || event.id AS key
  FROM unnest($1::text[], $2::text[]) AS wanted (project_id, id)
  JOIN events event ON event.project_id = wanted.project_id AND event.id = wanted.id
  WHERE event.open_count = 0`;

/** Which of the events have no open delivery left, as `project/event`. */
export async function settledAmong(
  db: Queryable,
  events: { projectId: string; id: string }[],
): Promise<string[]> {
  const { rows } = await db.query<{ key: string }>(SETTLED, [
    events.map(({ projectId }) => projectId),
    events.map(({ id }) => id),
  ]);
  return rows.map(({ key }) => key);
}
