import type pg from 'pg';
import { inTransaction, type Queryable } from '../postgres/database.ts';
import type { RunningErasure } from './running-erasures.ts';

/** Outcomes that one statement reads. */
const MAX_SCANNED = 5_000;
/** Events whose outcomes are searched together. */
const MAX_EVENTS = 5_000;
/** An outcome is dated when it is inserted, and gets its transaction id earlier: a transaction takes less than this. */
const MARGIN_MS = 120_000;

type ErasedEvent = { id: string; createdAt: Date; settledAt: Date };
type Position = { xid: string; seq: string };

const ERASED_EVENTS = `
  SELECT event_id AS id, created_at AS "createdAt", settled_at AS "settledAt" FROM erased_events
  WHERE erasure_id = $1 ORDER BY created_at, event_id LIMIT ${MAX_EVENTS}`;
const POSITION = `SELECT outcomes_xid::text AS xid, outcomes_seq::text AS seq FROM erasures WHERE id = $1`;

/**
 * Removes outcomes of events that are gone: reads the project's stream over the time in which they were open, 5,000 outcomes
 * at a time. The stream has no index by event, which each delivery would pay for. Returns false when none is left.
 */
export async function eraseOutcomes(pool: pg.Pool, { id, projectId }: RunningErasure): Promise<boolean> {
  const oldest = (await pool.query<ErasedEvent>(ERASED_EVENTS, [id])).rows;
  if (oldest.length === 0) return false;
  const { events, until } = openTogether(oldest);
  const stored = (await pool.query<{ xid: string | null; seq: string }>(POSITION, [id])).rows[0]!;
  const from = oldest[0]!.createdAt.getTime() - MARGIN_MS;
  const position = stored.xid === null ? await positionAt(pool, projectId, from) : (stored as Position);
  await removeAfter(pool, { id, projectId, position, events, until: until + MARGIN_MS });
  return true;
}

/** The first events whose times overlap, oldest first, and the time at which the last of them was settled. */
function openTogether(oldest: ErasedEvent[]): { events: string[]; until: number } {
  const events: string[] = [];
  let until = oldest[0]!.createdAt.getTime();
  for (const { id, createdAt, settledAt } of oldest) {
    if (createdAt.getTime() > until + 2 * MARGIN_MS) break;
    events.push(id);
    until = Math.max(until, settledAt.getTime());
  }
  return { events, until };
}

const FIRST_FROM = `
  SELECT xid::text AS xid, at FROM outcomes WHERE project_id = $1 AND (xid, seq) >= ($2::xid8, 0) ORDER BY xid, seq LIMIT 1`;
const LAST = `SELECT xid::text AS xid, at FROM outcomes WHERE project_id = $1 ORDER BY xid DESC, seq DESC LIMIT 1`;

/** A position before every outcome of the project from that time on. Halves the range, because the stream has no index by time. */
async function positionAt(db: Queryable, projectId: string, time: number): Promise<Position> {
  type Row = { xid: string; at: Date };
  const last = (await db.query<Row>(LAST, [projectId])).rows[0];
  let [low, high] = [0n, last ? BigInt(last.xid) : 0n];
  while (high - low > 1n) {
    const middle = (low + high) / 2n;
    const row = (await db.query<Row>(FIRST_FROM, [projectId, String(middle)])).rows[0];
    if (!row || row.at.getTime() >= time) high = middle;
    else low = BigInt(row.xid);
  }
  return { xid: String(low), seq: '0' };
}

const REMOVE_AMONG = `
  WITH scanned AS MATERIALIZED (
    SELECT xid, seq, at, event_id FROM outcomes
    WHERE project_id = $1 AND (xid, seq) > ($2::xid8, $3::bigint)
    ORDER BY xid, seq
    LIMIT ${MAX_SCANNED}
  ), removed AS (
    DELETE FROM outcomes WHERE seq IN (SELECT seq FROM scanned WHERE event_id = ANY ($4::text[]))
  )
  SELECT last.xid::text AS xid, last.seq::text AS seq, last.at, (SELECT count(*)::int FROM scanned) AS scanned
  FROM (SELECT * FROM scanned ORDER BY xid DESC, seq DESC LIMIT 1) AS last`;

const SET_POSITION = `UPDATE erasures SET outcomes_xid = $2::xid8, outcomes_seq = $3::bigint WHERE id = $1`;
const FORGET_EVENTS = `DELETE FROM erased_events WHERE erasure_id = $1 AND event_id = ANY ($2::text[])`;

function removeAfter(
  pool: pg.Pool,
  search: { id: string; projectId: string; position: Position; events: string[]; until: number },
): Promise<void> {
  const { id, projectId, position, events, until } = search;
  return inTransaction(pool, async (client) => {
    const { rows } = await client.query<Position & { at: Date; scanned: number }>(REMOVE_AMONG, [
      projectId,
      position.xid,
      position.seq,
      events,
    ]);
    const last = rows[0];
    const isDone = !last || last.scanned < MAX_SCANNED || last.at.getTime() > until;
    if (isDone) await client.query(FORGET_EVENTS, [id, events]);
    await client.query(SET_POSITION, isDone ? [id, null, null] : [id, last.xid, last.seq]);
  });
}

const REMOVE_OF_PROJECT = `
  DELETE FROM outcomes
  WHERE seq IN (SELECT seq FROM outcomes WHERE project_id = $1 ORDER BY xid, seq LIMIT ${MAX_SCANNED})`;

/** Removes up to 5,000 outcomes of a project. Returns false when none is left. */
export async function eraseProjectOutcomes(db: Queryable, projectId: string): Promise<boolean> {
  return ((await db.query(REMOVE_OF_PROJECT, [projectId])).rowCount ?? 0) > 0;
}
