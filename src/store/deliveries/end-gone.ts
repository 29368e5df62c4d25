import type pg from 'pg';
import { OPEN_STATUSES } from '../../policy/outcome.ts';
import { workflowOf } from '../../policy/owner.ts';
import { hasStatus } from './status-sql.ts';
import { recordTransitions, TRANSITION_COLUMNS, type Transition } from './transitions.ts';

const END = `
  UPDATE deliveries d
  SET status = 'undeliverable', reason = $2, due_at = NULL, waiting_for = NULL, settled_at = clock_timestamp()
  WHERE id = ANY ($1::text[])
  RETURNING ${TRANSITION_COLUMNS}, NULL AS outcome`;

/**
 * Ends open deliveries to endpoints that are gone. The caller has locked them, none has an open claim, and the caller
 * records the transitions.
 */
export const endAsGone = (client: pg.PoolClient, ids: string[]): Promise<Transition[]> =>
  endUndeliverable(client, ids, 'gone');

/** The same for any reason. */
export async function endUndeliverable(
  client: pg.PoolClient,
  ids: string[],
  reason: 'gone' | 'expired',
): Promise<Transition[]> {
  if (ids.length === 0) return [];
  return (await client.query<Transition>(END, [ids, reason])).rows;
}

type OpenDelivery = { id: string; owner: string | null; claimed: boolean; cancelled: boolean };

const OPEN_OF_ENDPOINT = `
  SELECT id, owner, claimed_at IS NOT NULL AS claimed, cancel_reason IS NOT NULL AS cancelled FROM deliveries
  WHERE endpoint_id = $1 AND id > $2 AND ${hasStatus('status', OPEN_STATUSES)}
  ORDER BY id LIMIT $3
  FOR UPDATE`;

/** Workflows that have to be told about their deliveries. */
export type EndedOfOwner = { owner: string; ids: string[] };

/**
 * Ends the next `limit` open deliveries of an endpoint that is gone, after `afterId` in id order. A delivery that is being
 * attempted ends with that attempt, or at its next claim.
 */
export async function endOpenBatch(
  client: pg.PoolClient,
  endpointId: string,
  afterId: string,
  limit: number,
): Promise<{ count: number; last: string | null; ended: EndedOfOwner[]; projectIds: string[] }> {
  const { rows } = await client.query<OpenDelivery>(OPEN_OF_ENDPOINT, [endpointId, afterId, limit]);
  const idle = rows.filter(({ claimed, cancelled }) => !claimed && !cancelled);
  const transitions = await endAsGone(
    client,
    idle.map(({ id }) => id),
  );
  await recordTransitions(client, transitions);
  const byOwner = Map.groupBy(
    idle.filter(({ owner }) => workflowOf(owner) !== null),
    ({ owner }) => owner!,
  );
  return {
    count: rows.length,
    last: rows.at(-1)?.id ?? null,
    ended: [...byOwner].map(([owner, owned]) => ({ owner, ids: owned.map(({ id }) => id) })),
    projectIds: [...new Set(transitions.map(({ projectId }) => projectId))],
  };
}
