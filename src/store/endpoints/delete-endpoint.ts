import type pg from 'pg';
import { OPEN_STATUSES } from '../../policy/outcome.ts';
import { cancelLocked, type LockedDelivery, type WorkflowSignal } from '../deliveries/cancel-locked.ts';
import { hasStatus } from '../deliveries/status-sql.ts';
import { inTransaction, type Queryable } from '../postgres/database.ts';

// FOR UPDATE waits for every transaction that is matching events to this endpoint (KEY SHARE). After the commit, no event
// can match it.
const DELETE_ENDPOINT = `
  WITH locked AS (
    SELECT id FROM endpoints
    WHERE id = $1 AND project_id = $2 AND ($3::text IS NULL OR consumer = $3) AND status <> 'deleted'
    FOR UPDATE
  ), failures AS (
    DELETE FROM receiver_failures WHERE receiver IN (SELECT id FROM locked)
  ), gate AS (
    DELETE FROM receiver_gates WHERE receiver IN (SELECT id FROM locked)
  ), listener AS (
    DELETE FROM listeners WHERE endpoint_id IN (SELECT id FROM locked)
  )
  UPDATE endpoints e SET status = 'deleted', secrets = NULL, headers = NULL, tls_certificate = NULL, tls_key = NULL,
                         tls_authorities = NULL, oauth = NULL, updated_at = now()
  FROM locked WHERE e.id = locked.id`;

/** Marks the endpoint deleted and removes its secrets. False if the scope has no such endpoint. */
export async function deleteEndpointRow(
  client: pg.PoolClient,
  projectId: string,
  consumer: string | null,
  endpointId: string,
): Promise<boolean> {
  return (await client.query(DELETE_ENDPOINT, [endpointId, projectId, consumer])).rowCount === 1;
}

const IS_DELETION_INCOMPLETE = `
  SELECT FROM endpoints
  WHERE id = $1 AND project_id = $2 AND ($3::text IS NULL OR consumer = $3) AND status = 'deleted'
    AND deletion_completed_at IS NULL`;

/**
 * Marks the endpoint deleted and removes its secrets. Returns `deletion_incomplete` if it had been deleted before and its
 * open deliveries are not all cancelled yet.
 */
export async function markEndpointDeleted(
  pool: pg.Pool,
  projectId: string,
  consumer: string | null,
  endpointId: string,
): Promise<'deleted' | 'deletion_incomplete' | 'not_found'> {
  return inTransaction(pool, async (client) => {
    if (await deleteEndpointRow(client, projectId, consumer, endpointId)) return 'deleted';
    const scope = [endpointId, projectId, consumer];
    return (await client.query(IS_DELETION_INCOMPLETE, scope)).rowCount === 1
      ? 'deletion_incomplete'
      : 'not_found';
  });
}
const OPEN_OF_ENDPOINT = `
  SELECT id, owner, claimed_at IS NOT NULL AS claimed FROM deliveries
  WHERE endpoint_id = $1 AND id > $2 AND ${hasStatus('status', OPEN_STATUSES)}
  ORDER BY id LIMIT $3
  FOR UPDATE`;

/** Deliveries in one transaction: few, so that the recorder waits only briefly for their locks. */
const CANCEL_BATCH = 500;

/**
 * Cancels the next 500 open deliveries of a deleted endpoint after `afterId`, in id order. Returns the workflows to
 * signal, and in `next` the id to continue after (null when done).
 */
export async function cancelOpenDeliveries(
  pool: pg.Pool,
  endpointId: string,
  afterId: string,
): Promise<{ next: string | null; signals: WorkflowSignal[] }> {
  return inTransaction(pool, async (client) => {
    const { rows } = await client.query<LockedDelivery>(OPEN_OF_ENDPOINT, [
      endpointId,
      afterId,
      CANCEL_BATCH,
    ]);
    const signals = await cancelLocked(client, rows, 'endpoint_deleted');
    return { next: rows.length === CANCEL_BATCH ? rows.at(-1)!.id : null, signals };
  });
}
const COMPLETE_DELETION = `UPDATE endpoints SET deletion_completed_at = now() WHERE id = $1 AND status = 'deleted'`;

/** Records that all deliveries of the deleted endpoint have been cancelled. */
export async function markDeletionComplete(db: Queryable, endpointId: string): Promise<void> {
  await db.query(COMPLETE_DELETION, [endpointId]);
}
const INCOMPLETE_DELETIONS = `
  SELECT id, project_id AS "projectId" FROM endpoints
  WHERE status = 'deleted' AND deletion_completed_at IS NULL AND updated_at < now() - $1 * interval '1 millisecond'
  ORDER BY updated_at`;

/** Returns the endpoints whose deletion began at least `ageMs` ago and is not complete. */
export async function incompleteDeletions(
  db: Queryable,
  ageMs: number,
): Promise<{ id: string; projectId: string }[]> {
  return (await db.query<{ id: string; projectId: string }>(INCOMPLETE_DELETIONS, [ageMs])).rows;
}
