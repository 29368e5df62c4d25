import type pg from 'pg';
import { FIRST_SPACING_MS, MAX_PROBE_INTERVAL_MS, MAX_SPACING_MS } from '../../../policy/failure-rules.ts';
import { isPaced } from './gates.ts';

/** What makes a receiver's gate let less through. */
export type GateClosure = {
  receiver: string;
  projectId: string;
  /** Send nothing for so many milliseconds. */
  waitMs: number | null;
  /** Send less often, because a request that started at this time was one too many. */
  tooManyAt: Date | null;
  /** Cool down: send nothing until the first probe, after so many milliseconds. */
  probeInMs: number | null;
};

// A gate that is shut stays shut at least as long. During a cool-down, its probes go on as they are. Only a request that
// started after the last change slows the receiver down once more: those that were under way together count once.
// Permits that were given before are void.
const CLOSE = `
  WITH closure AS (
    SELECT c.*, clock.at
    FROM unnest($1::text[], $2::text[], $3::float8[], $4::timestamptz[], $5::int[])
      AS c (receiver, project_id, wait_ms, too_many_at, probe_in_ms)
    CROSS JOIN (SELECT clock_timestamp() AS at) AS clock
  ), known AS (
    SELECT gate.* FROM receiver_gates gate WHERE receiver = ANY ($1::text[]) ORDER BY receiver FOR UPDATE
  ), decided AS (
    SELECT c.*, g.not_before, g.not_before_reason, g.spacing_ms, g.spacing_changed_at, g.next_start_at, g.probe_interval_ms,
           c.probe_in_ms IS NOT NULL AND g.not_before_reason IS DISTINCT FROM 'cooldown' AS begins_cool_down,
           coalesce(${isPaced('g')}, false) AS was_paced,
           c.too_many_at > coalesce(g.spacing_changed_at, '-infinity') AS slows_down,
           least(${MAX_SPACING_MS}, coalesce(g.spacing_ms * 2, ${FIRST_SPACING_MS})) AS next_spacing_ms
    FROM closure c LEFT JOIN known g USING (receiver)
  ), closed AS (
    SELECT receiver, project_id, at, was_paced,
           greatest(not_before, at + wait_ms * interval '1 millisecond',
                    CASE WHEN begins_cool_down THEN at + probe_in_ms * interval '1 millisecond' END) AS not_before,
           CASE WHEN begins_cool_down OR not_before_reason = 'cooldown' THEN 'cooldown'
                WHEN wait_ms IS NOT NULL OR not_before IS NOT NULL THEN 'retry_after' END AS not_before_reason,
           CASE WHEN begins_cool_down THEN greatest(probe_in_ms, least(probe_in_ms * 2, ${MAX_PROBE_INTERVAL_MS}))
                ELSE probe_interval_ms END AS probe_interval_ms,
           CASE WHEN slows_down THEN next_spacing_ms ELSE spacing_ms END AS spacing_ms,
           CASE WHEN slows_down THEN at ELSE spacing_changed_at END AS spacing_changed_at,
           CASE WHEN slows_down THEN greatest(next_start_at, at + next_spacing_ms * interval '1 millisecond')
                ELSE next_start_at END AS next_start_at
    FROM decided
    WHERE wait_ms IS NOT NULL OR begins_cool_down OR slows_down
  ), written AS (
    INSERT INTO receiver_gates AS gate (receiver, project_id, not_before, not_before_reason, probe_interval_ms, spacing_ms,
                                        spacing_changed_at, next_start_at, closed_at)
    SELECT receiver, project_id, not_before, not_before_reason, probe_interval_ms, spacing_ms, spacing_changed_at,
           next_start_at, at
    FROM closed ORDER BY receiver
    ON CONFLICT (receiver) DO UPDATE
    SET not_before = greatest(gate.not_before, excluded.not_before),
        not_before_reason = CASE WHEN gate.not_before_reason = 'cooldown' THEN 'cooldown'
                                 ELSE coalesce(excluded.not_before_reason, gate.not_before_reason) END,
        probe_interval_ms = excluded.probe_interval_ms, spacing_ms = excluded.spacing_ms,
        spacing_changed_at = excluded.spacing_changed_at, next_start_at = excluded.next_start_at,
        closed_at = excluded.closed_at, lost_ms = 0, updated_at = now()
  )
  SELECT receiver, project_id AS "projectId" FROM closed WHERE NOT was_paced`;

export type GatedReceiver = { receiver: string; projectId: string };

/** Lets less through to receivers. Returns those whose unassigned deliveries have to move to the restricted lane. */
export async function closeGates(client: pg.PoolClient, closures: GateClosure[]): Promise<GatedReceiver[]> {
  const { rows } = await client.query<GatedReceiver>({
    name: 'close-gates',
    text: CLOSE,
    values: [
      closures.map(({ receiver }) => receiver),
      closures.map(({ projectId }) => projectId),
      closures.map(({ waitMs }) => waitMs),
      closures.map(({ tooManyAt }) => tooManyAt),
      closures.map(({ probeInMs }) => probeInMs),
    ],
  });
  return rows;
}
