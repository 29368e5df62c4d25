import type pg from 'pg';
import { REQUEST_CANCEL, type Row } from '../deliveries/retry-and-cancel.ts';
import { cancelDeliveries } from '../deliveries/transitions.ts';
import { inTransaction, type Queryable } from '../postgres/database.ts';

// FOR UPDATE waits for every ingest that holds the endpoint (KEY SHARE); after the commit none can match it.
const DELETE_ENDPOINT = `
  WITH locked AS (
    SELECT id FROM endpoints
    WHERE id = $1 AND project_id = $2 AND ($3::text IS NULL OR consumer = $3) AND status <> 'deleted'
    FOR UPDATE
  ), healthy AS (
    DELETE FROM receiver_health WHERE receiver IN (SELECT id FROM locked)
  )
  UPDATE endpoints e SET status = 'deleted', secrets = NULL, headers = NULL, updated_at = now()
  FROM locked WHERE e.id = locked.id`;
const IS_UNSWEPT = `
  SELECT FROM endpoints
  WHERE id = $1 AND project_id = $2 AND ($3::text IS NULL OR consumer = $3) AND status = 'deleted'
    AND deletion_completed_at IS NULL`;
/** Marks the endpoint deleted and wipes its secrets. `unswept`: it was before, and that deletion is not finished. */

export async function markEndpointDeleted(
  pool: pg.Pool,
  projectId: string,
  consumer: string | null,
  endpointId: string,
): Promise<'deleted' | 'unswept' | 'not_found'> {
  return inTransaction(pool, async (client) => {
    const scope = [endpointId, projectId, consumer];
    if ((await client.query(DELETE_ENDPOINT, scope)).rowCount === 1) return 'deleted';
    return (await client.query(IS_UNSWEPT, scope)).rowCount === 1 ? 'unswept' : 'not_found';
  });
}
const OPEN_OF_ENDPOINT = `
  SELECT id, owner, claimed_at IS NOT NULL AS claimed FROM deliveries
  WHERE endpoint_id = $1 AND id > $2 AND status IN ('pending', 'retrying', 'held')
  ORDER BY id LIMIT $3
  FOR UPDATE`;
/** Rows in one transaction: small, so that no record waits long for its lock. */
const CANCEL_BATCH = 500;
/**
 * Cancels the next batch of what is open for a deleted endpoint, from `afterId` on in id order.
 * Returns where to go on (null: done) and the workflows to tell.
 */

export async function cancelOpenDeliveries(
  pool: pg.Pool,
  endpointId: string,
  afterId: string,
): Promise<{ next: string | null; signals: { owner: string; ids: string[] }[] }> {
  return inTransaction(pool, async (client) => {
    const { rows } = await client.query<Row>(OPEN_OF_ENDPOINT, [endpointId, afterId, CANCEL_BATCH]);
    const underWay = rows.filter(({ claimed }) => claimed).map(({ id }) => id);
    const idle = rows.filter(({ claimed }) => !claimed);
    if (underWay.length > 0) await client.query(REQUEST_CANCEL, [underWay, 'endpoint_deleted']);
    await cancelDeliveries(
      client,
      idle.map(({ id }) => ({ id, reason: 'endpoint_deleted' })),
    );
    const byOwner = Map.groupBy(
      idle.filter(({ owner }) => owner !== null),
      ({ owner }) => owner!,
    );
    const signals = [...byOwner].map(([owner, owned]) => ({ owner, ids: owned.map(({ id }) => id) }));
    return { next: rows.length === CANCEL_BATCH ? rows.at(-1)!.id : null, signals };
  });
}
const MARK_SWEPT = `UPDATE endpoints SET deletion_completed_at = now() WHERE id = $1 AND status = 'deleted'`;
/** Nothing is open any more for the deleted endpoint, and nothing new can be. */

export async function markDeletionComplete(db: Queryable, endpointId: string): Promise<void> {
  await db.query(MARK_SWEPT, [endpointId]);
}
const UNSWEPT = `
  SELECT id, project_id AS "projectId" FROM endpoints
  WHERE status = 'deleted' AND deletion_completed_at IS NULL AND updated_at < now() - $1 * interval '1 millisecond'
  ORDER BY updated_at`;
/** The endpoints whose deletion began at least `ageMs` ago and never came to its end. */

export async function incompleteDeletions(
  db: Queryable,
  ageMs: number,
): Promise<{ id: string; projectId: string }[]> {
  return (await db.query<{ id: string; projectId: string }>(UNSWEPT, [ageMs])).rows;
}
