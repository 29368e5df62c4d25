import type { Queryable } from './database.ts';

/** A place in the outcome stream of one database: `identity.xid.seq` as text. */
export type Cursor = { database: string; xid: string; seq: string };

export const formatCursor = ({ database, xid, seq }: Cursor): string => `${database}.${xid}.${seq}`;

const MAX_XID8 = 2n ** 64n - 1n;
const MAX_BIGINT = 2n ** 63n - 1n;

/** Null for what is no cursor, or holds numbers that Postgres would refuse as xid8 or bigint. */
export function parseCursor(text: string): Cursor | null {
  const match = /^([0-9a-f]{8})\.(\d{1,20})\.(\d{1,19})$/.exec(text);
  if (!match) return null;
  const [, database, xid, seq] = match as unknown as [string, string, string, string];
  return BigInt(xid) > MAX_XID8 || BigInt(seq) > MAX_BIGINT ? null : { database, xid, seq };
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
         outcomes_removed_below::text AS "removedBelow", pg_snapshot_xmax(pg_current_snapshot())::text AS next
  FROM database_identity`;

export type PresentCursor = Cursor & {
  /** The end of what retention removed: a place before it has missed something. */
  removedBelow: string;
  /** The transaction id that nobody has yet. */
  next: string;
};

/** The place at which everything that commits from now on will stand, and the bounds of the places that are valid. */
export async function currentCursor(db: Queryable): Promise<PresentCursor> {
  const { rows } = await db.query<PresentCursor>(NOW);
  return rows[0]!;
}

/** False for a place of another database, of what is removed, or of a time that this database was set back from. */
export function isResumable(cursor: Cursor, { database, removedBelow, next }: PresentCursor): boolean {
  const xid = BigInt(cursor.xid);
  // On an idle database the present place itself is (next, 0); an outcome of that transaction nobody can have seen.
  const isAhead = xid > BigInt(next) || (xid === BigInt(next) && BigInt(cursor.seq) > 0n);
  return cursor.database === database && xid >= BigInt(removedBelow) && !isAhead;
}

// Only below the oldest transaction still running: a row that commits late would otherwise be passed over.
// Ordered by the table's columns: plain names would mean the texts, and '99' comes after '100'.
const AFTER = `
  SELECT snapshot.xmin::text AS "readBelow", o.xid::text, o.seq::text, o.at, o.kind, o.event_id, o.delivery_id,
         o.endpoint_id, o.consumer, o.status, o.outcome, o.attempt, o.next_attempt_at, o.reason
  FROM (SELECT pg_snapshot_xmin(pg_current_snapshot()) AS xmin) AS snapshot
  LEFT JOIN LATERAL (
    SELECT * FROM outcomes
    WHERE project_id = $1 AND (outcomes.xid, outcomes.seq) > ($2::xid8, $3::bigint) AND outcomes.xid < snapshot.xmin
      AND ($4::text IS NULL OR consumer = $4)
    ORDER BY outcomes.xid, outcomes.seq
    LIMIT $5
  ) AS o ON true
  ORDER BY o.xid, o.seq`;

type Scope = { projectId: string; consumer: string | null };
type Place = Pick<Cursor, 'xid' | 'seq'>;

const placeOf = ({ xid, seq }: OutcomeRow): Place => ({ xid, seq });

/**
 * The outcomes of a project after a place, in the order of the stream, without a gap; and the place after all that
 * was looked through. Who goes on from anywhere before that looks through the same rows again, other consumers' too.
 */
export async function outcomesAfter(
  db: Queryable,
  { projectId, consumer }: Scope,
  after: Place,
  limit: number,
): Promise<{ outcomes: OutcomeRow[]; next: Place }> {
  const { rows } = await db.query<OutcomeRow & { readBelow: string }>({
    name: 'outcomes-after',
    text: AFTER,
    values: [projectId, after.xid, after.seq, consumer, limit],
  });
  const { readBelow } = rows[0]!;
  const outcomes = rows.filter(({ xid }) => xid !== null);
  if (outcomes.length === limit) return { outcomes, next: placeOf(outcomes.at(-1)!) };
  return { outcomes, next: BigInt(readBelow) > BigInt(after.xid) ? { xid: readBelow, seq: '0' } : after };
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
