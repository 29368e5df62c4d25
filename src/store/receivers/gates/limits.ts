import type pg from 'pg';
import { type EndpointLimits, isUnlimited } from '../../../policy/pacing.ts';
import { liftRestriction } from './gates.ts';

// Permits that were given before the endpoint became ordered would let deliveries overtake each other, and those given
// before fewer were allowed at once would be too many. A start that follows from the old rate may be a minute away,
// although the new one allows it now.
const SET_LIMITS = `
  INSERT INTO receiver_gates (receiver, project_id, rate, rate_period, concurrency, ordered, closed_at)
  VALUES ($1, $2, $3, $4, $5, $6, clock_timestamp())
  ON CONFLICT (receiver) DO UPDATE
  SET rate = excluded.rate, rate_period = excluded.rate_period, concurrency = excluded.concurrency,
      ordered = excluded.ordered,
      closed_at = CASE WHEN excluded.ordered AND NOT receiver_gates.ordered
                         OR excluded.concurrency < coalesce(receiver_gates.concurrency, excluded.concurrency + 1)
                       THEN excluded.closed_at
                       ELSE receiver_gates.closed_at END,
      next_start_at = CASE WHEN receiver_gates.rate IS NOT DISTINCT FROM excluded.rate
                            AND receiver_gates.rate_period IS NOT DISTINCT FROM excluded.rate_period
                           THEN receiver_gates.next_start_at END,
      lost_ms = 0, updated_at = now()`;

const LIFT_LIMITS = liftRestriction('limits', 'receiver = $1');

/** Copies the limits of an endpoint to its gate. The caller has inserted or locked the endpoint in this transaction. */
export async function setLimits(
  client: pg.PoolClient,
  projectId: string,
  endpointId: string,
  limits: EndpointLimits,
): Promise<void> {
  const { rate, concurrency, ordered } = limits;
  if (isUnlimited(limits)) await client.query(LIFT_LIMITS, [endpointId]);
  else
    await client.query(SET_LIMITS, [
      ...[endpointId, projectId],
      ...[rate?.limit ?? null, rate?.per ?? null, concurrency, ordered],
    ]);
}
