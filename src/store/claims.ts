import type pg from 'pg';
import type { DeliveryStatus, Lane, Trigger } from '../policy/outcome.ts';
import type { DeliveryStep } from '../policy/standing.ts';
import type { Queryable } from './database.ts';
import { type HoldReason, holdReason } from './hold-reason.ts';

/** All that one attempt needs, as it stands at the claim. */
export type Claim = {
  id: string;
  epoch: number;
  step: number;
  attempts: number;
  trigger: Trigger;
  lane: Lane;
  projectId: string;
  eventId: string;
  endpointId: string | null;
  receiver: string;
  consumer: string | null;
  policy: string;
  type: string;
  attributes: Record<string, string>;
  body: Buffer;
  profile: string;
  profileVersion: number;
  createdAt: Date;
  url: string;
  /** Sealed: the endpoint's secrets, or the target's one. */
  secrets: Buffer;
  headers: Buffer | null;
};

// Only the plain case: mine, due, at the step that the workflow knows, with no claim open and nothing asked of
// it. Everything else is told apart row by row (see claim-exceptions.ts), rarely. Rows are locked in id order: two
// workers that touch overlapping sets would deadlock otherwise. claimed_at, epoch and process_id are in no index.
const CLAIM = `
  WITH wanted AS (
    SELECT * FROM unnest($2::text[], $3::int[]) AS w (id, step)
  ), mine AS (
    SELECT d.id, d.project_id, d.event_id, d.endpoint_id
    FROM deliveries d JOIN wanted ON wanted.id = d.id
    WHERE d.owner = $1 AND d.step = wanted.step AND d.claimed_at IS NULL AND d.cancel_reason IS NULL
      AND d.due_at <= now() + interval '5 seconds'
      AND (d.endpoint_id IS NULL OR EXISTS (SELECT FROM endpoints e
                                             WHERE e.id = d.endpoint_id AND e.status = 'active' AND e.withheld IS NULL))
    ORDER BY d.id
    FOR UPDATE OF d
  )
  UPDATE deliveries d
  SET epoch = d.epoch + 1, claimed_at = clock_timestamp(), process_id = $4
  FROM mine
  JOIN events event ON event.project_id = mine.project_id AND event.id = mine.event_id
  LEFT JOIN endpoints endpoint ON endpoint.id = mine.endpoint_id
  WHERE d.id = mine.id
  RETURNING d.id, d.epoch, d.step, d.attempts, d.trigger, d.lane, d.project_id AS "projectId", d.event_id AS "eventId",
            d.endpoint_id AS "endpointId", d.receiver, d.consumer, d.policy, event.type, event.attributes, event.body,
            event.profile, event.profile_version AS "profileVersion", event.created_at AS "createdAt",
            coalesce(endpoint.url, event.target_url) AS url,
            coalesce(endpoint.secrets, event.target_secret) AS secrets, endpoint.headers`;

/**
 * Opens a claim on those of `steps` that are plainly `owner`'s to attempt now; the others are not in the result.
 * `processId` is who makes the claim: as long as it lives, nobody writes the claim off.
 */
export async function claimDeliveries(
  db: Queryable,
  owner: string,
  steps: DeliveryStep[],
  processId: string | null = null,
): Promise<Claim[]> {
  const { rows } = await db.query<Claim>({
    name: 'claim-deliveries',
    text: CLAIM,
    values: [owner, steps.map(({ id }) => id), steps.map(({ step }) => step), processId],
  });
  return rows;
}

/** A delivery as the rare cases see it. */
export type DeliveryInDetail = {
  id: string;
  status: DeliveryStatus;
  owner: string | null;
  step: number;
  attempts: number;
  epoch: number;
  claimedAt: Date | null;
  claimAgeMs: number;
  unknownStreak: number;
  cancelReason: string | null;
  policy: string;
  dueInMs: number;
  lastOutcome: string | null;
  lastStatusCode: number | null;
  endpointStatus: string | null;
  /** Why the endpoint takes nothing now; null also for a target, which always does. */
  holdReason: HoldReason | null;
};

const READ = `
  SELECT d.id, d.status, d.owner, d.step, d.attempts, d.epoch, d.claimed_at AS "claimedAt",
         least(extract(epoch FROM clock_timestamp() - d.claimed_at) * 1000, 2147483647)::int AS "claimAgeMs",
         d.unknown_streak AS "unknownStreak", d.cancel_reason AS "cancelReason", d.policy,
         greatest(0, ceil(extract(epoch FROM d.due_at - now()) * 1000))::float8 AS "dueInMs",
         d.last_outcome AS "lastOutcome", d.last_status_code AS "lastStatusCode",
         e.status AS "endpointStatus", ${holdReason('e')} AS "holdReason"
  FROM deliveries d LEFT JOIN endpoints e ON e.id = d.endpoint_id
  WHERE d.id = ANY ($1::text[])
  ORDER BY d.id`;

// Endpoints before deliveries, as everywhere. Whoever ends a pause waits for this lock (FOR UPDATE), and then finds what
// is parked here because of the pause.
const LOCK_ENDPOINTS = `
  SELECT FROM endpoints
  WHERE id IN (SELECT endpoint_id FROM deliveries WHERE id = ANY ($1::text[]))
  ORDER BY id
  FOR KEY SHARE`;

/** Locked with their endpoints, whose states stay as they are until the transaction ends. */
export async function lockDeliveries(client: pg.PoolClient, ids: string[]): Promise<DeliveryInDetail[]> {
  await client.query(LOCK_ENDPOINTS, [ids]);
  const { rows } = await client.query<DeliveryInDetail>(`${READ} FOR UPDATE OF d`, [ids]);
  return rows;
}

export async function readDeliveries(db: Queryable, ids: string[]): Promise<DeliveryInDetail[]> {
  const { rows } = await db.query<DeliveryInDetail>(READ, [ids]);
  return rows;
}
