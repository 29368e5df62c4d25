import type pg from 'pg';
import type { DeliveryStatus, Lane, Outcome } from '../../../policy/outcome.ts';
import { OVERDUE_MS } from '../../../policy/pacing.ts';
import { isGone } from '../../endpoints/gone-endpoints.ts';
import { type HoldReason, holdReason } from '../../endpoints/hold-reason.ts';
import type { Queryable } from '../../postgres/database.ts';
import { heartbeatsContinuousSince, isProcessLost } from '../../processes/processes.ts';
import { lacksPermit } from '../../receivers/gates/gates.ts';

/** A delivery with what decides whether it may be claimed. */
export type DeliveryDetails = {
  id: string;
  projectId: string;
  eventId: string;
  bodyBytes: number;
  status: DeliveryStatus;
  receiver: string;
  lane: Lane;
  owner: string | null;
  step: number;
  attempts: number;
  epoch: number;
  claimedAt: Date | null;
  claimAgeMs: number;
  /** How long the process has reached Postgres since the claim without a break, and could have recorded it. */
  claimWritableForMs: number;
  /** The process that made the last claim; null for claims made before processes were recorded. */
  processId: string | null;
  /** The process crashed or has stopped, so it will never record its open claims. */
  isProcessLost: boolean;
  unknownStreak: number;
  cancelReason: string | null;
  policy: string;
  dueInMs: number;
  lastOutcome: Outcome | null;
  lastStatusCode: number | null;
  endpointStatus: string | null;
  /** Why the endpoint receives nothing now; null if it receives deliveries, and always null for a target. */
  holdReason: HoldReason | null;
  /** The event has expired. */
  isExpired: boolean;
  /** The endpoint has responded 410. */
  isGone: boolean;
  /** The receiver's gate does not let it through now. */
  lacksPermit: boolean;
  /** It had a permit when it was assigned. */
  wasPermitted: boolean;
};

const READ = `
  SELECT d.id, d.project_id AS "projectId", d.event_id AS "eventId", d.status, d.receiver, d.lane, d.owner, d.step, d.attempts, d.epoch, d.claimed_at AS "claimedAt",
         least(extract(epoch FROM clock_timestamp() - d.claimed_at) * 1000, 2147483647)::int AS "claimAgeMs",
         least(extract(epoch FROM clock_timestamp() - greatest(d.claimed_at, ${heartbeatsContinuousSince('d.process_id')})) * 1000, 2147483647)::int AS "claimWritableForMs",
         d.process_id AS "processId", ${isProcessLost('d.process_id')} AS "isProcessLost",
         d.unknown_streak AS "unknownStreak", d.cancel_reason AS "cancelReason", d.policy,
         greatest(0, ceil(extract(epoch FROM d.due_at - now()) * 1000))::float8 AS "dueInMs",
         d.last_outcome AS "lastOutcome", d.last_status_code AS "lastStatusCode",
         e.status AS "endpointStatus", ${holdReason('e')} AS "holdReason", ${isGone('e')} AS "isGone",
         ${lacksPermit('d')} AS "lacksPermit",
         coalesce(d.permitted_at > now() - interval '${OVERDUE_MS} milliseconds', false) AS "wasPermitted",
         coalesce((SELECT event.expires_at <= now() FROM events event
                   WHERE event.project_id = d.project_id AND event.id = d.event_id), false) AS "isExpired",
         coalesce((SELECT octet_length(event.body) FROM events event
                   WHERE event.project_id = d.project_id AND event.id = d.event_id), 0) AS "bodyBytes"
  FROM deliveries d LEFT JOIN endpoints e ON e.id = d.endpoint_id
  WHERE d.id = ANY ($1::text[])
  ORDER BY d.id`;

// Endpoints are locked before deliveries in every transaction. The end of a pause waits for this lock (FOR UPDATE), and
// then finds the deliveries that are held here because of the pause.
const LOCK_ENDPOINTS = `
  SELECT FROM endpoints
  WHERE id IN (SELECT endpoint_id FROM deliveries WHERE id = ANY ($1::text[]))
  ORDER BY id
  FOR KEY SHARE`;

/** Locks the deliveries and then reads them. Their endpoints cannot be resumed or deleted until the transaction ends. */
export async function lockDeliveries(client: pg.PoolClient, ids: string[]): Promise<DeliveryDetails[]> {
  await client.query(LOCK_ENDPOINTS, [ids]);
  const { rows } = await client.query<DeliveryDetails>(`${READ} FOR UPDATE OF d`, [ids]);
  return rows;
}

export async function readDeliveries(db: Queryable, ids: string[]): Promise<DeliveryDetails[]> {
  const { rows } = await db.query<DeliveryDetails>(READ, [ids]);
  return rows;
}
