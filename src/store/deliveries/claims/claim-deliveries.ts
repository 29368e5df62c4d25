import type { DeliveryStep } from '../../../policy/delivery-result.ts';
import type { Lane, Trigger } from '../../../policy/outcome.ts';
import { CLAIM_TOLERANCE_MS } from '../../../policy/retry-policy.ts';
import { eventKey } from '../../events/event-key.ts';
import type { Queryable } from '../../postgres/database.ts';

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

/** A larger body is read once by itself, before its deliveries are claimed: within a claim's second it might not come. */
export const MAX_CLAIMED_BODY_BYTES = 65_536;

/** Bodies that the caller has already, by keyOf of their events. */
export type KnownBodies = ReadonlyMap<string, Buffer>;

// Only the plain case: mine, due, at the step that the workflow knows, with no claim open and nothing asked of
// it, and a body that is small or known. Everything else is told apart row by row (see claim-exceptions.ts), rarely. Rows
// are locked in id order: two workers that touch overlapping sets would deadlock otherwise. claimed_at, epoch
// and process_id are in no index. Each body is sent once, with the first delivery of its event.
const CLAIM = `
  WITH wanted AS (
    SELECT * FROM unnest($2::text[], $3::int[]) AS w (id, step)
  ), mine AS (
    SELECT d.id, d.endpoint_id, d.project_id, d.event_id, event.type, event.attributes, event.body, event.profile,
           event.profile_version, event.created_at, event.target_url, event.target_secret
    FROM wanted
    JOIN deliveries d ON d.id = wanted.id
    JOIN events event ON event.project_id = d.project_id AND event.id = d.event_id
    WHERE d.owner = $1 AND d.step = wanted.step AND d.claimed_at IS NULL AND d.cancel_reason IS NULL
      AND d.due_at <= now() + interval '${CLAIM_TOLERANCE_MS} milliseconds'
      AND (octet_length(event.body) <= ${MAX_CLAIMED_BODY_BYTES} OR d.project_id || '/' || d.event_id = ANY ($5::text[]))
      AND (d.endpoint_id IS NULL OR EXISTS (SELECT FROM endpoints e
                                             WHERE e.id = d.endpoint_id AND e.status = 'active' AND e.suspended IS NULL))
    ORDER BY d.id
    FOR UPDATE OF d
  ), claimed AS (
    SELECT *, row_number() OVER (PARTITION BY project_id, event_id ORDER BY id) AS nth FROM mine
  )
  UPDATE deliveries d
  SET epoch = d.epoch + 1, claimed_at = clock_timestamp(), process_id = $4
  FROM claimed
  LEFT JOIN endpoints endpoint ON endpoint.id = claimed.endpoint_id
  WHERE d.id = claimed.id
  RETURNING d.id, d.epoch, d.step, d.attempts, d.trigger, d.lane, d.project_id AS "projectId", d.event_id AS "eventId",
            d.endpoint_id AS "endpointId", d.receiver, d.consumer, d.policy, claimed.type, claimed.attributes,
            CASE WHEN claimed.nth = 1 AND d.project_id || '/' || d.event_id <> ALL ($5::text[]) THEN claimed.body END
              AS body,
            claimed.profile, claimed.profile_version AS "profileVersion", claimed.created_at AS "createdAt",
            coalesce(endpoint.url, claimed.target_url) AS url,
            coalesce(endpoint.secrets, claimed.target_secret) AS secrets, endpoint.headers`;

/**
 * Opens a claim on those of `steps` that are plainly `owner`'s to attempt now; the others are not in the result. One
 * whose body is larger than LARGEST_CLAIMED_BODY is claimed only if `known` has it. `processId` is who makes the claim:
 * as long as it lives, nobody writes the claim off.
 */
export async function claimDeliveries(
  db: Queryable,
  owner: string,
  steps: DeliveryStep[],
  processId: string | null = null,
  known: KnownBodies = new Map(),
): Promise<Claim[]> {
  const { rows } = await db.query<Claim & { body: Buffer | null }>({
    name: 'claim-deliveries',
    text: CLAIM,
    values: [owner, steps.map(({ id }) => id), steps.map(({ step }) => step), processId, [...known.keys()]],
  });
  const bodies = new Map(known);
  for (const { projectId, eventId, body } of rows) if (body) bodies.set(eventKey(projectId, eventId), body);
  return rows.map((row) => ({ ...row, body: bodies.get(eventKey(row.projectId, row.eventId))! }));
}

const READ_BODY = 'SELECT body FROM events WHERE project_id = $1 AND id = $2';

/** The body of an event as every receiver gets it; null when the event is gone. */
export async function readBody(db: Queryable, projectId: string, eventId: string): Promise<Buffer | null> {
  const { rows } = await db.query<{ body: Buffer }>({
    name: 'read-body',
    text: READ_BODY,
    values: [projectId, eventId],
  });
  return rows[0]?.body ?? null;
}
