import type pg from 'pg';
import { tellOwner } from '../outcomes/operational-events.ts';
import type { PendingResync } from './endpoint-status.ts';

/** SQL: whether the endpoint with this alias has responded 410. Its deliveries end; it gets no new ones. */
export const isGone = (endpoint: string): string => `coalesce(${endpoint}.disabled_reason = 'gone', false)`;

// Before the deliveries are locked, as in every transaction. Not FOR UPDATE, for the reason given at LOCKS in
// endpoint-status.ts: a delivery that is stored meanwhile ends at its claim.
const LOCK_ENDPOINTS = `
  SELECT FROM endpoints WHERE id IN (SELECT endpoint_id FROM deliveries WHERE id = ANY ($1::text[]))
  ORDER BY id FOR NO KEY UPDATE`;

/** Locks the endpoints of these deliveries. Call it before the deliveries are locked. */
export async function lockEndpointsOf(client: pg.PoolClient, deliveryIds: string[]): Promise<void> {
  await client.query(LOCK_ENDPOINTS, [deliveryIds]);
}

// resync_due_at makes a background job end the open deliveries, also if this process dies after the commit.
const DISABLE = `
  WITH gone AS (
    SELECT * FROM unnest($1::text[], $2::text[]) AS g (endpoint_id, delivery_id)
  ), disabled AS (
    UPDATE endpoints e
    SET status = 'disabled', disabled_reason = 'gone', updated_at = now(), resync_due_at = clock_timestamp()
    FROM gone
    WHERE e.id = gone.endpoint_id AND e.status <> 'deleted' AND NOT ${isGone('e')}
    RETURNING e.id, e.project_id, e.consumer, e.resync_due_at::text AS generation, gone.delivery_id
  ), reported AS (
    SELECT project_id, jsonb_build_object('endpoint', id, 'consumer', consumer, 'reason', 'gone', 'statusCode', 410,
                                          'delivery', delivery_id) AS data
    FROM disabled
  ), told AS (
    ${tellOwner('endpoint.disabled', 'reported')}
  )
  SELECT id, generation FROM disabled`;

/**
 * Disables endpoints that have responded 410, each to the delivery given, and reports that to their projects. Their rows are
 * locked. Returns those that were not gone before: their open deliveries have to be ended (resyncHeld).
 */
export async function disableGone(
  client: pg.PoolClient,
  responses: { endpointId: string; deliveryId: string }[],
): Promise<PendingResync[]> {
  const { rows } = await client.query<PendingResync>(DISABLE, [
    responses.map(({ endpointId }) => endpointId),
    responses.map(({ deliveryId }) => deliveryId),
  ]);
  return rows;
}
