import type pg from 'pg';
import { inTransaction } from '../postgres/database.ts';

/** The most rows that one transaction removes, so that it takes less than a second. */
const MAX_EVENTS = 500;
const MAX_DELIVERIES = 2_000;
const MAX_OUTCOMES = 5_000;

// Uses the index by age for each project. The oldest event is always included, however many deliveries it has.
const SETTLED_BEFORE = `
  SELECT project_id, id FROM (
    SELECT old.*,
           sum(old.delivery_count) OVER (ORDER BY old.created_at, old.project_id, old.id) - old.delivery_count
             AS deliveries_before
    FROM projects
    CROSS JOIN LATERAL (
      SELECT e.project_id, e.id, e.created_at, e.delivery_count FROM events e
      WHERE e.project_id = projects.id AND e.created_at < $1 AND e.open_count = 0
        AND coalesce(e.settled_at, e.created_at) < $1
      ORDER BY e.created_at LIMIT $2
    ) AS old
  ) AS settled
  WHERE deliveries_before < $3
  ORDER BY created_at, project_id, id
  LIMIT $2`;

// Deliveries are locked before their event, as in every transaction. If a manual retry has locked them first, its event has
// an open delivery afterwards and is kept.
const LOCK_DELIVERIES = `
  SELECT d.id FROM deliveries d JOIN unnest($1::text[], $2::text[]) AS old (project_id, event_id)
    ON d.project_id = old.project_id AND d.event_id = old.event_id
  ORDER BY d.id FOR UPDATE OF d`;
const LOCK_EVENTS = `
  SELECT e.project_id, e.id FROM events e JOIN unnest($1::text[], $2::text[]) AS old (project_id, event_id)
    ON e.project_id = old.project_id AND e.id = old.event_id
  WHERE e.open_count = 0
  ORDER BY e.project_id, e.id FOR UPDATE OF e`;
const REMOVE_ATTEMPTS = `
  DELETE FROM attempts a USING deliveries d, unnest($1::text[], $2::text[]) AS old (project_id, event_id)
  WHERE a.delivery_id = d.id AND d.project_id = old.project_id AND d.event_id = old.event_id`;
// Of a worker that was killed: an attempt that ends removes its own.
const REMOVE_LISTENER_REQUESTS = `
  DELETE FROM listener_requests r USING unnest($1::text[], $2::text[]) AS old (project_id, event_id)
  WHERE r.project_id = old.project_id AND r.event_id = old.event_id`;
const REMOVE_DELIVERIES = `
  DELETE FROM deliveries d USING unnest($1::text[], $2::text[]) AS old (project_id, event_id)
  WHERE d.project_id = old.project_id AND d.event_id = old.event_id`;
const REMOVE_EVENTS = `
  DELETE FROM events e USING unnest($1::text[], $2::text[]) AS old (project_id, event_id)
  WHERE e.project_id = old.project_id AND e.id = old.event_id`;

export type Key = { project_id: string; id: string };
const keys = (rows: Key[]): [string[], string[]] => [
  rows.map((row) => row.project_id),
  rows.map((row) => row.id),
];

const TIME_BEFORE = `SELECT now() - $1 * interval '1 millisecond' AS before`;

/** Returns the time `ageMs` ago by Postgres's clock. A process whose own clock is far ahead would remove everything. */
export async function timeBefore(pool: pg.Pool, ageMs: number): Promise<Date> {
  const { rows } = await pool.query<{ before: Date }>(TIME_BEFORE, [ageMs]);
  return rows[0]!.before;
}

/**
 * Locks those of the events that have no open delivery, with their deliveries, and removes them with their attempts.
 * `beforeRemoval` runs while they are locked. Returns them.
 */
export async function removeSettled(
  client: pg.PoolClient,
  wanted: Key[],
  beforeRemoval: (settled: Key[]) => Promise<void> = async () => {},
): Promise<Key[]> {
  await client.query(LOCK_DELIVERIES, keys(wanted));
  const { rows } = await client.query<Key>(LOCK_EVENTS, keys(wanted));
  if (rows.length === 0) return [];
  await beforeRemoval(rows);
  await client.query(REMOVE_ATTEMPTS, keys(rows));
  await client.query(REMOVE_LISTENER_REQUESTS, keys(rows));
  await client.query(REMOVE_DELIVERIES, keys(rows));
  await client.query(REMOVE_EVENTS, keys(rows));
  return rows;
}

/** Removes up to 500 settled events older than `before`, with their deliveries and attempts. Returns how many; 0: none is left. */
export async function removeSettledEvents(pool: pg.Pool, before: Date): Promise<number> {
  return inTransaction(pool, async (client) => {
    const old = await client.query<Key>(SETTLED_BEFORE, [before, MAX_EVENTS, MAX_DELIVERIES]);
    return old.rows.length === 0 ? 0 : (await removeSettled(client, old.rows)).length;
  });
}

// Reads only the first rows by seq, because `at` has no index. `at` rises with seq, except between concurrent transactions.
// outcomes_removed_below excludes the transaction of the last removed row, whose other rows may have been removed too.
const REMOVE_OUTCOMES = `
  WITH removed AS (
    DELETE FROM outcomes
    WHERE seq IN (SELECT seq FROM (SELECT seq, at FROM outcomes ORDER BY seq LIMIT $2) AS oldest WHERE at < $1)
    RETURNING xid
  ), recorded AS (
    UPDATE database_identity
    SET outcomes_removed_below = greatest(outcomes_removed_below, (last.xid::text::bigint + 1)::text::xid8)
    FROM (SELECT xid FROM removed ORDER BY xid DESC LIMIT 1) AS last
  )
  SELECT count(*)::int AS n FROM removed`;

/** Removes up to 5,000 outcomes older than `before`, and records how far, so that older cursors are rejected. Returns how many. */
export async function removeOutcomes(pool: pg.Pool, before: Date): Promise<number> {
  const { rows } = await pool.query<{ n: number }>(REMOVE_OUTCOMES, [before, MAX_OUTCOMES]);
  return rows[0]!.n;
}
