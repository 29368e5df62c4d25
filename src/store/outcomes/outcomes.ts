import type { Queryable } from '../postgres/database.ts';

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
         outcomes_removed_below::text AS "removedBelow", pg_snapshot_xmax(pg_current_snapshot())::text AS "nextXid"
  FROM database_identity`;

export type CurrentCursor = Cursor & {
  /** The end of what retention removed: a place before it has missed something. */
  removedBelow: string;
  /** The transaction id that nobody has yet. */
  nextXid: string;
};

/** The place at which everything that commits from now on will stand, and the bounds of the places that are valid. */
export async function currentCursor(db: Queryable): Promise<CurrentCursor> {
  const { rows } = await db.query<CurrentCursor>(NOW);
  return rows[0]!;
}

/** False for a place of another database, of what is removed, or of a time that this database was set back from. */
export function isResumable(cursor: Cursor, { database, removedBelow, nextXid }: CurrentCursor): boolean {
  const xid = BigInt(cursor.xid);
  // On an idle database the present place itself is (next, 0); an outcome of that transaction nobody can have seen.
  const isAhead = xid > BigInt(nextXid) || (xid === BigInt(nextXid) && BigInt(cursor.seq) > 0n);
  return cursor.database === database && xid >= BigInt(removedBelow) && !isAhead;
}

type Scope = { projectId: string; consumer: string | null; since?: Date | null };
export type StreamPosition = Pick<Cursor, 'xid' | 'seq'>;

export const positionOf = ({ xid, seq }: StreamPosition): StreamPosition => ({ xid, seq });

export const isAfter = (a: StreamPosition, b: StreamPosition): boolean => {
  const [xidOfA, xidOfB] = [BigInt(a.xid), BigInt(b.xid)];
  return xidOfA > xidOfB || (xidOfA === xidOfB && BigInt(a.seq) > BigInt(b.seq));
};

const COLUMNS = `
  o.xid::text, o.seq::text, o.at, o.kind, o.event_id, o.delivery_id, o.endpoint_id, o.consumer, o.status, o.outcome,
  o.attempt, o.next_attempt_at, o.reason`;

// Only below the oldest transaction still running: a row that commits late would otherwise be passed over.
// Ordered by the table's columns: plain names would mean the texts, and '99' comes after '100'.
const RANGE = (columns: string): string => `
  SELECT ${columns} FROM outcomes
  WHERE project_id = $1 AND (outcomes.xid, outcomes.seq) > ($2::xid8, $3::bigint) AND outcomes.xid < (SELECT xmin FROM snapshot)
  ORDER BY outcomes.xid, outcomes.seq`;

// The outcome of an event of an earlier consumer of the same id is not of this one: $7.
const AFTER = `
  WITH snapshot AS MATERIALIZED (
    SELECT pg_snapshot_xmin(pg_current_snapshot()) AS xmin
  ), found AS MATERIALIZED (
    SELECT * FROM (${RANGE('*')} LIMIT $6) AS looked
    WHERE ($4::text IS NULL OR consumer = $4)
      AND ($7::timestamptz IS NULL OR EXISTS (
        SELECT FROM events e WHERE e.project_id = $1 AND e.id = looked.event_id AND e.created_at >= $7))
    ORDER BY looked.xid, looked.seq
    LIMIT $5
  ), looked_to AS MATERIALIZED (
    SELECT * FROM (${RANGE('xid, seq')} OFFSET $6 - 1 LIMIT 1) AS last WHERE (SELECT count(*) FROM found) < $5
  )
  SELECT snapshot.xmin::text AS "readBelow", looked_to.xid::text AS "lookedXid", looked_to.seq::text AS "lookedSeq",
         (SELECT outcomes_removed_below::text FROM database_identity) AS "removedBelow", ${COLUMNS}
  FROM snapshot LEFT JOIN looked_to ON true LEFT JOIN found AS o ON true
  ORDER BY o.xid, o.seq`;

/** Outcomes of all consumers that are looked at for one of them: without a bound, a quiet one would read a month. */
const MAX_OUTCOMES_SCANNED = 5_000;

export type OutcomesPage = {
  outcomes: OutcomeRow[];
  /** The place after all that was looked through. */
  next: StreamPosition;
  /** False when there may be more below what is visible now. */
  isCaughtUp: boolean;
  /** Retention has removed what followed the place that was asked for. */
  isExpired: boolean;
};

/**
 * The outcomes of a project after a place, in the order of the stream, without a gap. Who goes on from anywhere before
 * `next` looks through the same rows again, other consumers' too.
 */
export async function outcomesAfter(
  db: Queryable,
  { projectId, consumer, since = null }: Scope,
  after: StreamPosition,
  limit: number,
): Promise<OutcomesPage> {
  const looked = consumer === null ? limit : MAX_OUTCOMES_SCANNED;
  const { rows } = await db.query<
    OutcomeRow & { readBelow: string; lookedXid: string | null; lookedSeq: string; removedBelow: string }
  >({
    name: 'outcomes-after',
    text: AFTER,
    values: [projectId, after.xid, after.seq, consumer, limit, looked, since],
  });
  const { readBelow, lookedXid, lookedSeq, removedBelow } = rows[0]!;
  const outcomes = rows.filter(({ xid }) => xid !== null);
  const isExpired = BigInt(after.xid) < BigInt(removedBelow ?? '0');
  if (outcomes.length === limit)
    return { outcomes, next: positionOf(outcomes.at(-1)!), isCaughtUp: false, isExpired };
  if (lookedXid) return { outcomes, next: { xid: lookedXid, seq: lookedSeq }, isCaughtUp: false, isExpired };
  const next = BigInt(readBelow) > BigInt(after.xid) ? { xid: readBelow, seq: '0' } : after;
  return { outcomes, next, isCaughtUp: true, isExpired };
}

const OF_PROJECTS = `
  SELECT place.project_id AS "projectId", snapshot.xmin::text AS "readBelow", ${COLUMNS}
  FROM (SELECT pg_snapshot_xmin(pg_current_snapshot()) AS xmin) AS snapshot
  CROSS JOIN unnest($1::text[], $2::text[], $3::bigint[]) AS place (project_id, xid, seq)
  LEFT JOIN LATERAL (
    SELECT * FROM outcomes
    WHERE outcomes.project_id = place.project_id AND (outcomes.xid, outcomes.seq) > (place.xid::xid8, place.seq)
      AND outcomes.xid < snapshot.xmin
    ORDER BY outcomes.xid, outcomes.seq
    LIMIT $4
  ) AS o ON true
  ORDER BY place.project_id, o.xid, o.seq`;

/** What followed a place in each of several projects: at most `limit` of each, and the place after them. */
export async function outcomesOfProjects(
  db: Queryable,
  places: Map<string, StreamPosition>,
  limit: number,
): Promise<Map<string, { outcomes: OutcomeRow[]; next: StreamPosition }>> {
  const of = [...places];
  const { rows } = await db.query<OutcomeRow & { projectId: string; readBelow: string }>({
    name: 'outcomes-of-projects',
    text: OF_PROJECTS,
    values: [of.map(([id]) => id), of.map(([, { xid }]) => xid), of.map(([, { seq }]) => seq), limit],
  });
  const byProject = Map.groupBy(rows, ({ projectId }) => projectId);
  return new Map(
    of.map(([projectId, after]) => {
      const found = byProject.get(projectId) ?? [];
      const outcomes = found.filter(({ xid }) => xid !== null);
      if (outcomes.length === limit) return [projectId, { outcomes, next: positionOf(outcomes.at(-1)!) }];
      const present = { xid: found[0]?.readBelow ?? after.xid, seq: '0' };
      return [projectId, { outcomes, next: isAfter(present, after) ? present : after }];
    }),
  );
}

const EVENTS_SINCE = `
  SELECT id FROM events WHERE project_id = $1 AND id = ANY ($2::text[]) AND created_at >= $3`;

/** Those of the events that are not older than `since`. */
export async function eventsSince(
  db: Queryable,
  projectId: string,
  ids: string[],
  since: Date,
): Promise<Set<string>> {
  const { rows } = await db.query<{ id: string }>(EVENTS_SINCE, [projectId, [...new Set(ids)], since]);
  return new Set(rows.map(({ id }) => id));
}

const SETTLED = `
  SELECT event.project_id || '/' || event.id AS key
  FROM unnest($1::text[], $2::text[]) AS wanted (project_id, id)
  JOIN events event ON event.project_id = wanted.project_id AND event.id = wanted.id
  WHERE event.open_count = 0`;

/** Which of the events have no open delivery left, as `project/event`. */
export async function settledEventKeys(
  db: Queryable,
  events: { projectId: string; id: string }[],
): Promise<string[]> {
  const { rows } = await db.query<{ key: string }>(SETTLED, [
    events.map(({ projectId }) => projectId),
    events.map(({ id }) => id),
  ]);
  return rows.map(({ key }) => key);
}
