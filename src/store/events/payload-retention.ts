import type pg from 'pg';
import { inTransaction, type Queryable } from '../postgres/database.ts';
import type { EventPosition } from './retention.ts';

/** The most that one transaction removes, so that it takes less than a second: streams of outcomes wait for it to end. */
const MAX_EVENTS = 500;
const MAX_DELIVERIES = 2_000;
const MAX_BYTES = 64 * 1024 ** 2;
/** The most that one transaction looks at: with a short retention, most of what it looks at was removed in an earlier round. */
const MAX_SCANNED = 5_000;
/**
 * An event is stored at most this long after the time of its creation, which is when its request arrived: a batch may wait for other
 * batches, and then for slow statements. The mark stays so far behind the present, so that each round looks at these events again.
 */
const STORED_WITHIN_MINUTES = 10;

const PROJECTS = `
  SELECT id FROM projects WHERE payload_retention_seconds IS NOT NULL AND deleted_at IS NULL ORDER BY id`;

/** Returns the projects that have payloads removed early. */
export async function projectsWithPayloadRetention(db: Queryable): Promise<string[]> {
  return (await db.query<{ id: string }>(PROJECTS)).rows.map(({ id }) => id);
}

// Locked, so that two processes do not move the mark past events that the other one has not committed.
const LOCK_PROJECT = `
  SELECT coalesce(payloads_removed_before, '-infinity')::text AS mark,
         (now() - payload_retention_seconds * interval '1 second')::text AS before
  FROM projects WHERE id = $1 AND payload_retention_seconds IS NOT NULL FOR NO KEY UPDATE`;

// The first event is always taken, however many deliveries it has. One more row than is taken shows that there are more.
const bounded = (candidates: string): string => `
  SELECT id, created_at::text AS "createdAt",
         nth <= ${MAX_EVENTS} AND deliveries_before < ${MAX_DELIVERIES} AND bytes_before < ${MAX_BYTES} AS "isTaken"
  FROM (
    SELECT candidate.*, row_number() OVER first_ones AS nth, sum(deliveries) OVER first_ones - deliveries AS deliveries_before,
           sum(bytes) OVER first_ones - bytes AS bytes_before
    FROM (${candidates} LIMIT ${MAX_EVENTS} + 1) AS candidate
    WINDOW first_ones AS (ORDER BY position, id)
  ) AS counted
  ORDER BY position, id`;

const BYTES = `octet_length(e.body) + coalesce(octet_length(e.data), 0)`;

// $2, $3: the position after which this transaction begins; $4: the time before which payloads are removed.
const SCANNED_TO = `
  SELECT id, created_at::text AS "createdAt", scanned
  FROM (
    SELECT id, created_at, count(*) OVER ()::int AS scanned
    FROM (
      SELECT e.id, e.created_at FROM events e
      WHERE e.project_id = $1 AND (e.created_at, e.id) > ($2::timestamptz, $3) AND e.created_at < $4::timestamptz
      ORDER BY e.created_at, e.id
      LIMIT ${MAX_SCANNED}
    ) AS next
  ) AS counted
  ORDER BY created_at DESC, id DESC
  LIMIT 1`;

// $4, $5: the position of the last one.
const NEXT = bounded(`
  SELECT e.id, e.created_at, e.created_at AS position, e.delivery_count AS deliveries, ${BYTES} AS bytes
  FROM events e
  WHERE e.project_id = $1 AND (e.created_at, e.id) > ($2::timestamptz, $3)
    AND (e.created_at, e.id) <= ($4::timestamptz, $5) AND e.payload_removed_at IS NULL
    AND NOT EXISTS (SELECT FROM payloads_kept kept WHERE kept.project_id = $1 AND kept.event_id = e.id)
  ORDER BY e.created_at, e.id`);

const NEXT_KEPT = bounded(`
  SELECT kept.event_id AS id, e.created_at, kept.check_at AS position, coalesce(e.delivery_count, 0) AS deliveries,
         coalesce(${BYTES}, 0) AS bytes
  FROM payloads_kept kept
  LEFT JOIN events e ON e.project_id = kept.project_id AND e.id = kept.event_id
  WHERE kept.project_id = $1 AND kept.check_at <= now()
  ORDER BY kept.check_at, kept.event_id`);

const LOCK_SETTLED = `
  SELECT id FROM events
  WHERE project_id = $1 AND id = ANY ($2::text[]) AND open_count = 0
  ORDER BY id FOR NO KEY UPDATE`;

// The length of the data stays: it is part of the record.
const REMOVE_BODIES = `
  UPDATE events
  SET body = '', data = CASE WHEN data IS NOT NULL THEN ''::bytea END, target_secret = NULL, payload_removed_at = now()
  WHERE project_id = $1 AND id = ANY ($2::text[]) AND payload_removed_at IS NULL`;

const REMOVE_ANSWERS = `
  UPDATE attempts SET request_headers = NULL, response_headers = NULL, response_body = NULL
  WHERE delivery_id IN (SELECT id FROM deliveries WHERE project_id = $1 AND event_id = ANY ($2::text[]))`;

const FORGET = `DELETE FROM payloads_kept WHERE project_id = $1 AND event_id = ANY ($2::text[])`;

const KEEP = `
  INSERT INTO payloads_kept (project_id, event_id, check_at)
  SELECT $1, id, now() + interval '10 minutes' FROM unnest($2::text[]) AS open (id)
  ON CONFLICT (project_id, event_id) DO UPDATE SET check_at = excluded.check_at`;

const SET_MARK = `
  UPDATE projects SET payloads_removed_before = done.before
  FROM (SELECT least($2::timestamptz, now() - interval '${STORED_WITHIN_MINUTES} minutes') AS before) AS done
  WHERE id = $1 AND coalesce(payloads_removed_before < done.before, true)`;

/**
 * Removes the payloads (data, body, and headers and bodies of requests and responses) of the oldest settled events beyond the
 * project's payload retention: at most 500, 2,000 deliveries or 64 MiB in one call. Events with an open delivery are looked at
 * again later. A round begins without a position; returns the position at which it goes on, or null if nothing is left.
 */
export function removePayloads(
  pool: pg.Pool,
  projectId: string,
  position: EventPosition | null = null,
): Promise<EventPosition | null> {
  return inTransaction(pool, async (client) => {
    const locked = await client.query<{ mark: string; before: string }>(LOCK_PROJECT, [projectId]);
    if (!locked.rows[0]) return null;
    const { mark, before } = locked.rows[0];
    const from = position ?? { createdAt: mark, id: '' };
    const range = [projectId, from.createdAt, from.id];
    type ScannedTo = EventPosition & { scanned: number };
    const to = (await client.query<ScannedTo>(SCANNED_TO, [...range, before])).rows[0];
    const next = to
      ? partOf((await client.query<Candidate>(NEXT, [...range, to.createdAt, to.id])).rows)
      : NOTHING;
    const kept = partOf((await client.query<Candidate>(NEXT_KEPT, [projectId])).rows);
    await removeFrom(client, projectId, [...next.taken, ...kept.taken]);
    const end = (next.left ? next.taken.at(-1) : to) ?? from;
    if (to) await client.query(SET_MARK, [projectId, end.createdAt]);
    const isLast = !next.left && (to?.scanned ?? 0) < MAX_SCANNED && !kept.left;
    return isLast ? null : { createdAt: end.createdAt, id: end.id };
  });
}

type Candidate = EventPosition & { isTaken: boolean };

/** The events that one transaction takes, and the first that is left. */
type Part = { taken: Candidate[]; left: Candidate | undefined };
const NOTHING: Part = { taken: [], left: undefined };

const partOf = (rows: Candidate[]): Part => ({
  taken: rows.filter(({ isTaken }) => isTaken),
  left: rows.find(({ isTaken }) => !isTaken),
});

/** Removes the payloads of those that have settled, and keeps the others for later. */
async function removeFrom(client: pg.PoolClient, projectId: string, events: Candidate[]): Promise<void> {
  const ids = events.map(({ id }) => id);
  const settled = await client.query<{ id: string }>(LOCK_SETTLED, [projectId, ids]);
  const settledIds = settled.rows.map(({ id }) => id);
  await client.query(REMOVE_BODIES, [projectId, settledIds]);
  await client.query(REMOVE_ANSWERS, [projectId, settledIds]);
  await client.query(FORGET, [projectId, ids]);
  await client.query(KEEP, [projectId, await stillOpen(client, projectId, ids, settledIds)]);
}

const EXISTING = `SELECT id FROM events WHERE project_id = $1 AND id = ANY ($2::text[])`;

/** Those of the events that have an open delivery, and still exist. */
async function stillOpen(
  client: pg.PoolClient,
  projectId: string,
  ids: string[],
  settled: string[],
): Promise<string[]> {
  const rest = new Set(ids);
  for (const id of settled) rest.delete(id);
  return (await client.query<{ id: string }>(EXISTING, [projectId, [...rest]])).rows.map(({ id }) => id);
}
