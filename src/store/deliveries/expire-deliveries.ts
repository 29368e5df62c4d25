import type pg from 'pg';
import { workflowOf } from '../../policy/owner.ts';
import { inTransaction } from '../postgres/database.ts';
import { type EndedOfOwner, endUndeliverable } from './end-gone.ts';
import { recordTransitions } from './transitions.ts';

/** Deliveries in one transaction: few, so that other transactions wait only briefly for their locks. */
const EXPIRE_BATCH = 500;

// An attempt in flight may still deliver the event. If it fails, the delivery is found by the next search.
const EXPIRED = `
  SELECT id, owner FROM deliveries
  WHERE open_expires_at IS NOT NULL AND open_expires_at <= now()
    AND claimed_at IS NULL AND cancel_reason IS NULL
  ORDER BY open_expires_at LIMIT ${EXPIRE_BATCH}
  FOR UPDATE SKIP LOCKED`;

/** `ended`: the workflows that have to be told. `projectIds`: those for which outcomes were written. */
export type ExpiredBatch = { mayBeMore: boolean; ended: EndedOfOwner[]; projectIds: string[] };

/** Ends up to 500 open deliveries of events that have expired, whether they are due, wait for a retry or are held. */
export async function expireDeliveries(pool: pg.Pool): Promise<ExpiredBatch> {
  return inTransaction(pool, async (client) => {
    const { rows } = await client.query<{ id: string; owner: string | null }>(EXPIRED);
    const ids = rows.map(({ id }) => id);
    const transitions = await endUndeliverable(client, ids, 'expired');
    await recordTransitions(client, transitions);
    const byOwner = Map.groupBy(
      rows.filter(({ owner }) => workflowOf(owner) !== null),
      ({ owner }) => owner!,
    );
    return {
      mayBeMore: rows.length === EXPIRE_BATCH,
      ended: [...byOwner].map(([owner, owned]) => ({ owner, ids: owned.map(({ id }) => id) })),
      projectIds: [...new Set(transitions.map(({ projectId }) => projectId))],
    };
  });
}
