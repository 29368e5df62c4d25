import type pg from 'pg';
import { tellOwner } from '../outcomes/operational-events.ts';
import { inTransaction, type Queryable } from '../postgres/database.ts';

/** Outcomes that one transaction reads. */
const MAX_SCANNED = 20_000;
/** The owner hears at most so often of the same endpoint. */
const INTERVAL = '1 minute';

const SUBSCRIBED = `
  SELECT DISTINCT operational.operational_of AS project_id
  FROM projects operational JOIN endpoints endpoint ON endpoint.project_id = operational.id
  WHERE operational.operational_of IS NOT NULL AND operational.deleted_at IS NULL AND endpoint.status <> 'deleted'
    AND endpoint.events && ARRAY['*', 'delivery.undeliverable']`;

// Begins at the present: nobody is told of what failed before there was somebody to tell.
const BEGIN = `INSERT INTO undeliverable_digests (project_id) ${SUBSCRIBED} ON CONFLICT DO NOTHING`;
const BEGIN_ONE = `
  INSERT INTO undeliverable_digests (project_id) SELECT project_id FROM (${SUBSCRIBED}) AS subscribed WHERE project_id = $1
  ON CONFLICT DO NOTHING`;
const END = `DELETE FROM undeliverable_digests WHERE project_id NOT IN (${SUBSCRIBED})`;

const DUE = `
  SELECT digest.project_id AS id FROM undeliverable_digests digest
  WHERE digest.not_before <= clock_timestamp() ORDER BY digest.not_before`;

/**
 * Begins to look for undeliverable deliveries of a project, if its owner wants to be told of them. Called before the owner
 * gets the answer to the call that asks for it: what fails from then on is told. If the process dies first, the next
 * round of dueDigests does it.
 */
export async function beginDigest(db: Queryable, projectId: string): Promise<void> {
  await db.query(BEGIN_ONE, [projectId]);
}

/** Returns the projects whose owners may be told of undeliverable deliveries now. */
export async function dueDigests(db: Queryable): Promise<string[]> {
  await db.query(BEGIN);
  await db.query(END);
  return (await db.query<{ id: string }>(DUE)).rows.map(({ id }) => id);
}

const LOCK = `
  SELECT xid::text AS xid, seq::text AS seq FROM undeliverable_digests
  WHERE project_id = $1 AND not_before <= clock_timestamp() FOR UPDATE SKIP LOCKED`;

// Reads only below the oldest running transaction, as the streams do; otherwise an outcome that commits late would be missed.
const DIGEST = `
  WITH snapshot AS MATERIALIZED (
    SELECT pg_snapshot_xmin(pg_current_snapshot()) AS xmin
  ), scanned AS MATERIALIZED (
    SELECT xid, seq, at, kind, endpoint_id, consumer, event_id, delivery_id, outcome, reason
    FROM outcomes
    WHERE project_id = $1 AND (xid, seq) > ($2::xid8, $3::bigint) AND xid < (SELECT xmin FROM snapshot)
    ORDER BY xid, seq
    LIMIT ${MAX_SCANNED}
  ), digest AS (
    SELECT $1::text AS project_id,
           jsonb_build_object(
             'endpoint', endpoint_id, 'consumer', max(consumer), 'count', count(*), 'firstAt', min(at), 'lastAt', max(at),
             'sample', (array_agg(jsonb_build_object('event', event_id, 'delivery', delivery_id, 'outcome', outcome,
                                                     'reason', reason) ORDER BY xid, seq))[1]) AS data
    FROM scanned WHERE kind = 'delivery.undeliverable'
    GROUP BY endpoint_id
  ), told AS (
    ${tellOwner('delivery.undeliverable', 'digest')}
  ), last AS (
    SELECT xid, seq FROM scanned ORDER BY xid DESC, seq DESC LIMIT 1
  ), moved AS (
    UPDATE undeliverable_digests
    SET xid = coalesce((SELECT xid FROM last), xid), seq = coalesce((SELECT seq FROM last), seq),
        not_before = CASE WHEN EXISTS (SELECT FROM digest) THEN clock_timestamp() + interval '${INTERVAL}' ELSE not_before END
    WHERE project_id = $1
  )
  SELECT count(*)::int AS n FROM digest`;

/**
 * Tells the owner of a project, once for each endpoint, how many deliveries have become undeliverable since it was last
 * told. Events, with the position up to which they count, are written in one transaction. Returns how many.
 */
export function writeDigest(pool: pg.Pool, projectId: string): Promise<number> {
  return inTransaction(pool, async (client) => {
    const position = (await client.query<{ xid: string; seq: string }>(LOCK, [projectId])).rows[0];
    if (!position) return 0;
    const { rows } = await client.query<{ n: number }>(DIGEST, [projectId, position.xid, position.seq]);
    return rows[0]!.n;
  });
}
