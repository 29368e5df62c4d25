import type pg from 'pg';
import type { Lane } from '../policy/outcome.ts';
import { inTransaction } from './database.ts';
import { cancelDeliveries } from './settlement.ts';

// The claim is closed without a step or an attempt row, and the delivery waits for assignment again.
const GIVE_BACK = `
  UPDATE deliveries d
  SET claimed_at = NULL, owner = NULL, due_at = now() + $5 * interval '1 millisecond', lane = $4
  FROM (
    SELECT d.id FROM deliveries d JOIN unnest($2::text[], $3::int[]) AS w (id, epoch) ON w.id = d.id AND w.epoch = d.epoch
    WHERE d.owner = $1 AND d.claimed_at IS NOT NULL
    ORDER BY d.id FOR UPDATE OF d
  ) AS mine
  WHERE d.id = mine.id
  RETURNING d.id, d.cancel_reason AS "cancelReason"`;

export type GivenBack = { id: string; kind: 'released' | 'cancelled' };

/**
 * Gives back claims for which nothing was sent: due again in `inMs`, for whoever has room, or cancelled where that
 * was asked for meanwhile. A claim that is not among the results was not `owner`'s any more.
 */
export async function giveBackClaims(
  pool: pg.Pool,
  owner: string,
  claims: { id: string; epoch: number }[],
  { lane, inMs }: { lane: Lane; inMs: number },
): Promise<GivenBack[]> {
  return inTransaction(pool, async (client) => {
    const { rows } = await client.query<{ id: string; cancelReason: string | null }>(GIVE_BACK, [
      owner,
      claims.map(({ id }) => id),
      claims.map(({ epoch }) => epoch),
      lane,
      inMs,
    ]);
    await cancelDeliveries(
      client,
      rows.flatMap(({ id, cancelReason }) => (cancelReason === null ? [] : [{ id, reason: cancelReason }])),
    );
    return rows.map(({ id, cancelReason }) => ({
      id,
      kind: cancelReason === null ? 'released' : 'cancelled',
    }));
  });
}
