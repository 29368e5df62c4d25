import { hash } from 'node:crypto';
import type { Queryable } from '../postgres/database.ts';
import { allOf, withParameters } from '../postgres/pages.ts';
import type { Scope } from '../scope.ts';
import { conditionsOf, isRestricted, type OutcomeFilter } from './outcome-filter.ts';

/** A position in the outcome stream of one database; as text `database.xid.seq`. */
export type Cursor = { database: string; xid: string; seq: string };

export const formatCursor = ({ database, xid, seq }: Cursor): string => `${database}.${xid}.${seq}`;

const MAX_XID8 = 2n ** 64n - 1n;
const MAX_BIGINT = 2n ** 63n - 1n;

/** Returns null if the text is not a cursor, or if its numbers are too large for xid8 or bigint. */
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

const CURRENT_CURSOR = `
  SELECT left(id::text, 8) AS database, pg_snapshot_xmin(pg_current_snapshot())::text AS xid, '0' AS seq,
         outcomes_removed_below::text AS "removedBelow", pg_snapshot_xmax(pg_current_snapshot())::text AS "nextXid"
  FROM database_identity`;

export type CurrentCursor = Cursor & {
  /** Retention has removed outcomes below this transaction id; an earlier position has missed some. */
  removedBelow: string;
  /** The first transaction id that is not yet assigned. */
  nextXid: string;
};

/** Returns the position that precedes everything that commits from now on, and the bounds of valid positions. */
export async function currentCursor(db: Queryable): Promise<CurrentCursor> {
  const { rows } = await db.query<CurrentCursor>(CURRENT_CURSOR);
  return rows[0]!;
}

/** Whether the stream can resume there. False for another database, for removed outcomes, and after a restore to an earlier time. */
export function isResumable(cursor: Cursor, { database, removedBelow, nextXid }: CurrentCursor): boolean {
  const xid = BigInt(cursor.xid);
  // On an idle database the current position is (nextXid, 0). An outcome of that transaction cannot have been seen.
  const isAhead = xid > BigInt(nextXid) || (xid === BigInt(nextXid) && BigInt(cursor.seq) > 0n);
  return cursor.database === database && xid >= BigInt(removedBelow) && !isAhead;
}

export type StreamPosition = Pick<Cursor, 'xid' | 'seq'>;

export const positionOf = ({ xid, seq }: StreamPosition): StreamPosition => ({ xid, seq });

export const isAfter = (a: StreamPosition, b: StreamPosition): boolean => {
  const [xidOfA, xidOfB] = [BigInt(a.xid), BigInt(b.xid)];
  return xidOfA > xidOfB || (xidOfA === xidOfB && BigInt(a.seq) > BigInt(b.seq));
};

const COLUMNS = `
  o.xid::text, o.seq::text, o.at, o.kind, o.event_id, o.delivery_id, o.endpoint_id, o.consumer, o.status, o.outcome,
  o.attempt, o.next_attempt_at, o.reason`;

// Reads only below the oldest running transaction; otherwise a row that commits late would be skipped. Sorts by the table's
// columns, because plain names would mean the text columns of the result, where '99' comes after '100'.
const rangeAfter = (columns: string): string => `
  SELECT ${columns} FROM outcomes
  WHERE project_id = $1 AND (outcomes.xid, outcomes.seq) > ($2::xid8, $3::bigint) AND outcomes.xid < (SELECT xmin FROM snapshot)
  ORDER BY outcomes.xid, outcomes.seq`;

// $7 hides the outcomes of a deleted consumer with the same id.
const PARAMETERS = [
  ...['text', 'xid8', 'bigint', 'text', 'int', 'int', 'timestamptz'],
  ...['text[]', 'text[]', 'text[]'],
];
const afterSql = (conditions: string): string => `
  WITH ${withParameters(PARAMETERS)}, snapshot AS MATERIALIZED (
    SELECT pg_snapshot_xmin(pg_current_snapshot()) AS xmin
  ), found AS MATERIALIZED (
    SELECT * FROM (${rangeAfter('*')} LIMIT $6) AS scanned
    WHERE ${conditions}
    ORDER BY scanned.xid, scanned.seq
    LIMIT $5
  ), scanned_to AS MATERIALIZED (
    SELECT * FROM (${rangeAfter('xid, seq')} OFFSET $6 - 1 LIMIT 1) AS last WHERE (SELECT count(*) FROM found) < $5
  )
  SELECT snapshot.xmin::text AS "readBelow", scanned_to.xid::text AS "scannedXid", scanned_to.seq::text AS "scannedSeq",
         (SELECT outcomes_removed_below::text FROM database_identity) AS "removedBelow", ${COLUMNS}
  FROM snapshot LEFT JOIN scanned_to ON true LEFT JOIN found AS o ON true
  ORDER BY o.xid, o.seq`;

/** The most outcomes that are scanned for those of one consumer or filter; otherwise a quiet consumer would read a month. */
const MAX_OUTCOMES_SCANNED = 5_000;

const IS_OF_EVENT_SINCE = `EXISTS (
  SELECT FROM events e WHERE e.project_id = $1 AND e.id = scanned.event_id AND e.created_at >= $7 OFFSET 0)`;

export type OutcomesPage = {
  outcomes: OutcomeRow[];
  /** The position after everything that was scanned. */
  next: StreamPosition;
  /** False if there may be more outcomes that are visible now. */
  isCaughtUp: boolean;
  /** Retention has removed outcomes that followed the requested position. */
  isExpired: boolean;
};

/**
 * Returns up to `limit` outcomes of a project after a position, in stream order and without gaps. To continue, use `next`;
 * any earlier position scans the same rows again, including those of other consumers.
 */
export async function outcomesAfter(
  db: Queryable,
  { projectId, consumer, since = null }: Scope,
  after: StreamPosition,
  limit: number,
  filter: OutcomeFilter = {},
): Promise<OutcomesPage> {
  const maxScanned = consumer === null && !isRestricted(filter) ? limit : MAX_OUTCOMES_SCANNED;
  const conditions = allOf([
    consumer !== null && 'consumer = $4',
    conditionsOf(filter),
    since !== null && IS_OF_EVENT_SINCE,
  ]);
  const { rows } = await db.query<
    OutcomeRow & { readBelow: string; scannedXid: string | null; scannedSeq: string; removedBelow: string }
  >({
    name: `outcomes-after ${hash('sha256', conditions)}`.slice(0, 60),
    text: afterSql(conditions),
    values: [
      ...[projectId, after.xid, after.seq, consumer, limit, maxScanned, since],
      ...[filter.endpoints ?? null, filter.consumers ?? null, filter.kinds ?? null],
    ],
  });
  const { readBelow, scannedXid, scannedSeq, removedBelow } = rows[0]!;
  const outcomes = rows.filter(({ xid }) => xid !== null);
  const isExpired = BigInt(after.xid) < BigInt(removedBelow ?? '0');
  if (outcomes.length === limit)
    return { outcomes, next: positionOf(outcomes.at(-1)!), isCaughtUp: false, isExpired };
  if (scannedXid)
    return { outcomes, next: { xid: scannedXid, seq: scannedSeq }, isCaughtUp: false, isExpired };
  const next = BigInt(readBelow) > BigInt(after.xid) ? { xid: readBelow, seq: '0' } : after;
  return { outcomes, next, isCaughtUp: true, isExpired };
}

const OF_PROJECTS = `
  SELECT position.project_id AS "projectId", snapshot.xmin::text AS "readBelow", ${COLUMNS}
  FROM (SELECT pg_snapshot_xmin(pg_current_snapshot()) AS xmin) AS snapshot
  CROSS JOIN unnest($1::text[], $2::text[], $3::bigint[]) AS position (project_id, xid, seq)
  LEFT JOIN LATERAL (
    SELECT * FROM outcomes
    WHERE outcomes.project_id = position.project_id AND (outcomes.xid, outcomes.seq) > (position.xid::xid8, position.seq)
      AND outcomes.xid < snapshot.xmin
    ORDER BY outcomes.xid, outcomes.seq
    LIMIT $4
  ) AS o ON true
  ORDER BY position.project_id, o.xid, o.seq`;

/** Returns up to `limit` outcomes after a position in each of several projects, and the position after them. */
export async function outcomesOfProjects(
  db: Queryable,
  positions: Map<string, StreamPosition>,
  limit: number,
): Promise<Map<string, { outcomes: OutcomeRow[]; next: StreamPosition }>> {
  const entries = [...positions];
  const { rows } = await db.query<OutcomeRow & { projectId: string; readBelow: string }>({
    name: 'outcomes-of-projects',
    text: OF_PROJECTS,
    values: [
      entries.map(([id]) => id),
      entries.map(([, { xid }]) => xid),
      entries.map(([, { seq }]) => seq),
      limit,
    ],
  });
  const byProject = Map.groupBy(rows, ({ projectId }) => projectId);
  return new Map(
    entries.map(([projectId, after]) => {
      const found = byProject.get(projectId) ?? [];
      const outcomes = found.filter(({ xid }) => xid !== null);
      if (outcomes.length === limit) return [projectId, { outcomes, next: positionOf(outcomes.at(-1)!) }];
      const current = { xid: found[0]?.readBelow ?? after.xid, seq: '0' };
      return [projectId, { outcomes, next: isAfter(current, after) ? current : after }];
    }),
  );
}

const EVENTS_SINCE = `
  SELECT id FROM events WHERE project_id = $1 AND id = ANY ($2::text[]) AND created_at >= $3`;

/** Returns the ids of those events that are not older than `since`. */
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

/** Returns the keys (`project/event`) of those events that have no open delivery left. */
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
