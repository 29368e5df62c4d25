import type pg from 'pg';
import { inTransaction, type Queryable } from '../postgres/database.ts';

/** The most rows that one transaction removes, so that it takes less than a second. */
const MAX_EVENTS = 500;
const MAX_DELIVERIES = 2_000;
const MAX_OUTCOMES = 5_000;

// Deliveries are locked before their event, as in every transaction. If a manual retry has locked them first, its event has
// an open delivery afterwards and is kept.
const LOCK_DELIVERIES =
  'SELECT FROM deliveries WHERE project_id = $1 AND event_id = ANY ($2::text[]) ORDER BY id FOR UPDATE';
const LOCK_EVENTS = `
  SELECT id FROM events WHERE project_id = $1 AND id = ANY ($2::text[]) AND open_count = 0
  ORDER BY project_id, id FOR UPDATE`;

// Deliveries first and in the order of their ids, then events by their keys: the order in which every transaction locks them.
// All parts see the same moment, so a delivery of a later retry is not seen. Its event has changed then, and is not removed.
const REMOVE = `
  WITH removed_delivery AS (
    DELETE FROM deliveries d
    USING (SELECT id FROM deliveries WHERE project_id = $1 AND event_id = ANY ($2::text[]) ORDER BY id) AS old
    WHERE d.id = old.id
    RETURNING d.id
  ), removed_attempt AS (
    DELETE FROM attempts a USING removed_delivery WHERE a.delivery_id = removed_delivery.id
  ), removed_request AS ( -- of a worker that was killed: an attempt that ends removes its own
    DELETE FROM listener_requests WHERE project_id = $1 AND event_id = ANY ($2::text[])
  ), removed_event AS (
    DELETE FROM events e
    USING (SELECT id FROM unnest($2::text[]) AS id WHERE (SELECT count(*) FROM removed_delivery) >= 0 ORDER BY id) AS old
    WHERE e.project_id = $1 AND e.id = old.id AND e.open_count = 0 AND coalesce(e.settled_at, e.created_at) < $3
    RETURNING e.id
  )
  SELECT count(*)::int AS n FROM removed_event`;

const TIME_BEFORE = `SELECT now() - $1 * interval '1 millisecond' AS before`;

/** Returns the time `ageMs` ago by Postgres's clock. A process whose own clock is far ahead would remove everything. */
export async function timeBefore(pool: pg.Pool, ageMs: number): Promise<Date> {
  const { rows } = await pool.query<{ before: Date }>(TIME_BEFORE, [ageMs]);
  return rows[0]!.before;
}

/**
 * Locks those of the events of a project that have no open delivery, with their deliveries, and removes them with their
 * attempts. `beforeRemoval` runs while they are locked. Returns how many.
 */
export async function removeSettled(
  client: pg.PoolClient,
  projectId: string,
  eventIds: string[],
  beforeRemoval: (settled: string[]) => Promise<void>,
): Promise<number> {
  await client.query(LOCK_DELIVERIES, [projectId, eventIds]);
  const { rows } = await client.query<{ id: string }>(LOCK_EVENTS, [projectId, eventIds]);
  if (rows.length === 0) return 0;
  const settled = rows.map(({ id }) => id);
  await beforeRemoval(settled);
  await client.query(REMOVE, [projectId, settled, 'infinity']);
  return settled.length;
}

// Beginning after the project that was last, so that a pass that is cut short is continued where it ended.
const PROJECTS_WITH_OLD_EVENTS = `
  SELECT id FROM projects
  WHERE EXISTS (SELECT FROM events e WHERE e.project_id = projects.id AND e.created_at < $1 OFFSET 0)
  ORDER BY id <= $2, id`;

/** Returns the projects that have events older than `before`, those with an id after `last` first. */
export async function projectsWithOldEvents(db: Queryable, before: Date, last: string): Promise<string[]> {
  return (await db.query<{ id: string }>(PROJECTS_WITH_OLD_EVENTS, [before, last])).rows.map(({ id }) => id);
}

/** The event after which the next batch of a project begins. */
export type EventPosition = { createdAt: string; id: string };

// Open events count, too, so that a million of them are read once in a pass and not for each batch. The first event is always
// included, however many deliveries it has.
const NEXT_OLD = `
  SELECT id, created_at::text AS "createdAt", is_settled AS "isSettled", scanned
  FROM (
    SELECT next.*, count(*) OVER ()::int AS scanned,
           sum(CASE WHEN is_settled THEN delivery_count ELSE 0 END) OVER (ORDER BY created_at, id) - delivery_count
             AS deliveries_before
    FROM (
      SELECT id, created_at, delivery_count, open_count = 0 AND coalesce(settled_at, created_at) < $2 AS is_settled
      FROM events
      WHERE project_id = $1 AND (created_at, id) > ($3::timestamptz, $4) AND created_at < $2
      ORDER BY project_id, created_at, id
      LIMIT ${MAX_EVENTS}
    ) AS next
  ) AS counted
  WHERE deliveries_before < ${MAX_DELIVERIES}
  ORDER BY created_at, id`;

/** Some of the events were retried or removed while they were to be removed. */
class EventsChanged extends Error {}

export type RemovedBatch = {
  removed: number;
  /** Where the next batch begins; null: there are no more old events. */
  next: EventPosition | null;
};

/**
 * Removes the oldest settled events of a project with their deliveries and attempts: those after `position` and older than
 * `before`, at most 500 or 2,000 deliveries.
 */
export async function removeSettledEvents(
  pool: pg.Pool,
  projectId: string,
  before: Date,
  position: EventPosition | null = null,
): Promise<RemovedBatch> {
  type Row = EventPosition & { isSettled: boolean; scanned: number };
  const after = [position?.createdAt ?? '-infinity', position?.id ?? ''];
  const { rows } = await pool.query<Row>(NEXT_OLD, [projectId, before, ...after]);
  const last = rows.at(-1);
  if (!last) return { removed: 0, next: null };
  const ids = rows.filter(({ isSettled }) => isSettled).map(({ id }) => id);
  const isLast = rows.length === last.scanned && last.scanned < MAX_EVENTS;
  return {
    removed: await removeUnchanged(pool, projectId, ids, before),
    next: isLast ? null : { createdAt: last.createdAt, id: last.id },
  };
}

/** Removes those of the events that are still old and settled. Returns how many. */
async function removeUnchanged(
  pool: pg.Pool,
  projectId: string,
  wanted: string[],
  before: Date,
): Promise<number> {
  for (let ids = wanted; ids.length > 0; ids = await stillOld(pool, projectId, wanted, before))
    if (await removeAtOnce(pool, projectId, ids, before)) return ids.length;
  return 0;
}

async function removeAtOnce(pool: pg.Pool, projectId: string, ids: string[], before: Date): Promise<boolean> {
  try {
    await inTransaction(pool, async (client) => {
      const { rows } = await client.query<{ n: number }>(REMOVE, [projectId, ids, before]);
      // The deliveries of an event that stays have been removed: rolls back.
      if (rows[0]!.n < ids.length) throw new EventsChanged();
    });
    return true;
  } catch (error) {
    if (error instanceof EventsChanged) return false;
    throw error;
  }
}

const STILL_OLD = `
  SELECT id FROM events
  WHERE project_id = $1 AND id = ANY ($2::text[]) AND open_count = 0 AND coalesce(settled_at, created_at) < $3`;

const stillOld = async (pool: pg.Pool, projectId: string, ids: string[], before: Date): Promise<string[]> =>
  (await pool.query<{ id: string }>(STILL_OLD, [projectId, ids, before])).rows.map(({ id }) => id);

// Reads only the first rows by seq, because `at` has no index. `at` rises with seq, except between concurrent transactions. From
// $3 on: before it are index entries of removed rows, which every batch of a pass would read again.
// outcomes_removed_below excludes the transaction of the last removed row, whose other rows may have been removed too.
const REMOVE_OUTCOMES = `
  WITH removed AS (
    DELETE FROM outcomes
    WHERE seq IN (SELECT seq FROM (SELECT seq, at FROM outcomes WHERE seq > $3 ORDER BY seq LIMIT $2) AS oldest WHERE at < $1)
    RETURNING xid, seq
  ), recorded AS (
    UPDATE database_identity
    SET outcomes_removed_below = greatest(outcomes_removed_below, (last.xid::text::bigint + 1)::text::xid8)
    FROM (SELECT xid FROM removed ORDER BY xid DESC LIMIT 1) AS last
  )
  SELECT count(*)::int AS removed, CASE WHEN count(*) = $2 THEN max(seq)::text END AS next FROM removed`;

/**
 * Removes up to 5,000 outcomes older than `before` after the number `after`, and records how far, so that older cursors are
 * rejected. Returns how many, and the number after which the next batch begins, or null if none is left.
 */
export async function removeOutcomes(
  db: Queryable,
  before: Date,
  after = '0',
): Promise<{ removed: number; next: string | null }> {
  const { rows } = await db.query<{ removed: number; next: string | null }>(REMOVE_OUTCOMES, [
    ...[before, MAX_OUTCOMES, after],
  ]);
  return rows[0]!;
}
