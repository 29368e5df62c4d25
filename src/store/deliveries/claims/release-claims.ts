import type pg from 'pg';
import type { Lane } from '../../../policy/outcome.ts';
import { inTransaction } from '../../postgres/database.ts';
import { cancelDeliveries } from '../transitions.ts';

/** A claim for which no request was sent. Its delivery is due again after `dueInMs`, for any worker. */
export type ReleasableClaim = { id: string; epoch: number; lane: Lane; dueInMs: number };

// Closes the claim without using a step or writing an attempt, and makes the delivery unassigned. The owner is not
// compared, because a new owner may already be waiting for this claim to close; the epoch identifies the claim.
const RELEASE_CLAIMS = `
  UPDATE deliveries d
  SET claimed_at = NULL, owner = NULL, due_at = now() + released.in_ms * interval '1 millisecond', lane = released.lane
  FROM (
    SELECT d.id, w.lane, w.in_ms
    FROM deliveries d
    JOIN unnest($1::text[], $2::int[], $3::text[], $4::int[]) AS w (id, epoch, lane, in_ms)
      ON w.id = d.id AND w.epoch = d.epoch
    WHERE d.claimed_at IS NOT NULL
    ORDER BY d.id FOR UPDATE OF d
  ) AS released
  WHERE d.id = released.id
  RETURNING d.id, d.epoch, d.project_id AS "projectId", d.cancel_reason AS "cancelReason"`;

export type ReleasedClaim = {
  id: string;
  epoch: number;
  projectId: string;
  kind: 'released' | 'cancelled';
};

/**
 * Releases claims for which no request was sent, in one statement. Deliveries with a cancel request are cancelled
 * instead. A claim that is missing from the results had been closed before.
 */
export async function releaseClaims(pool: pg.Pool, claims: ReleasableClaim[]): Promise<ReleasedClaim[]> {
  return inTransaction(pool, async (client) => {
    const { rows } = await client.query<Omit<ReleasedClaim, 'kind'> & { cancelReason: string | null }>(
      RELEASE_CLAIMS,
      [
        claims.map(({ id }) => id),
        claims.map(({ epoch }) => epoch),
        claims.map(({ lane }) => lane),
        claims.map(({ dueInMs }) => dueInMs),
      ],
    );
    await cancelDeliveries(
      client,
      rows.flatMap(({ id, cancelReason }) => (cancelReason === null ? [] : [{ id, reason: cancelReason }])),
    );
    return rows.map(({ id, epoch, projectId, cancelReason }) => ({
      id,
      epoch,
      projectId,
      kind: cancelReason === null ? 'released' : 'cancelled',
    }));
  });
}
