import type { DeliveryStep } from '../../../policy/delivery-result.ts';
import type { Lane, Trigger } from '../../../policy/outcome.ts';
import { CLAIM_TOLERANCE_MS } from '../../../policy/retry-policy.ts';
import { tlsVersion } from '../../endpoints/endpoint-tls.ts';
import { eventKey } from '../../events/event-key.ts';
import type { Queryable } from '../../postgres/database.ts';
import { lacksPermit } from '../../receivers/gates/gates.ts';

/** Everything that one attempt needs, as stored at the time of the claim. */
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
  /** Of the event. Null if its profile does not use it and it was not read. */
  sequence: number | null;
  attributes: Record<string, string>;
  body: Buffer;
  profile: string;
  profileVersion: number;
  createdAt: Date;
  /** When the event expires; null: never. */
  expiresAt: Date | null;
  url: string;
  /** Sealed: the endpoint's secrets, or the secret of the target. */
  secrets: Buffer;
  headers: Buffer | null;
  /** Another one after each change of the endpoint; null: it has neither a client certificate nor authorities. */
  tlsVersion: string | null;
  /** Sealed: the client credentials of the endpoint. */
  oauth: Buffer | null;
  /** Of the trace of the event; missing if it was not read. */
  traceparent?: string | null;
  tracestate?: string | null;
  /** When the request may start: at most half a second after the claim. Null: at once. */
  startInMs: number | null;
};

/** A larger body is read separately before its deliveries are claimed, because reading it could outlast the claim's timeout. */
export const MAX_CLAIMED_BODY_BYTES = 65_536;

/** Bodies that the caller already has, by `eventKey`. */
export type KnownBodies = ReadonlyMap<string, Buffer>;

// Handles only the common case: the delivery belongs to this owner, is due at the step that the workflow knows, has no
// open claim and no cancel request, its receiver's gate is open, and its body is small or known. resolve-unclaimed.ts handles the rest row by row.
// Rows are locked in id order; two workers that claim overlapping sets would otherwise deadlock. claimed_at, epoch and
// process_id are in no index, so that each claim is a HOT update. Body and attributes are returned once, with the first row
// of their event, which may have 200 more.
const claimSql = (withTrace: boolean): string => `
  WITH wanted AS (
    SELECT * FROM unnest($2::text[], $3::int[]) AS w (id, step)
  ), claimable AS (
    SELECT d.id, d.endpoint_id, d.project_id, d.event_id, event.type, event.sequence, event.attributes, event.body, event.profile,
           event.profile_version, event.created_at, event.expires_at, event.target_url, event.target_secret
           ${withTrace ? ', event.traceparent, event.tracestate' : ''}
    FROM wanted
    JOIN deliveries d ON d.id = wanted.id
    JOIN events event ON event.project_id = d.project_id AND event.id = d.event_id
    WHERE d.owner = $1 AND d.step = wanted.step AND d.claimed_at IS NULL AND d.cancel_reason IS NULL
      AND (event.expires_at IS NULL OR event.expires_at > now())
      AND d.due_at <= now() + interval '${CLAIM_TOLERANCE_MS} milliseconds'
      AND (octet_length(event.body) <= ${MAX_CLAIMED_BODY_BYTES} OR d.project_id || '/' || d.event_id = ANY ($5::text[]))
      AND (d.endpoint_id IS NULL OR EXISTS (SELECT FROM endpoints e
                                             WHERE e.id = d.endpoint_id AND e.status = 'active' AND e.suspended IS NULL))
      AND NOT ${lacksPermit('d')}
    ORDER BY d.id
    FOR UPDATE OF d
  ), claimed AS (
    SELECT *, row_number() OVER (PARTITION BY project_id, event_id ORDER BY id) AS nth FROM claimable
  )
  UPDATE deliveries d
  SET epoch = d.epoch + 1, claimed_at = clock_timestamp(), process_id = $4
  FROM claimed
  LEFT JOIN endpoints endpoint ON endpoint.id = claimed.endpoint_id
  WHERE d.id = claimed.id
  RETURNING d.id, d.epoch, d.step, d.attempts, d.trigger, d.lane, d.project_id AS "projectId", d.event_id AS "eventId",
            d.endpoint_id AS "endpointId", d.receiver, d.consumer, d.policy, claimed.type,
            claimed.sequence::float8, CASE WHEN claimed.nth = 1 THEN claimed.attributes END AS attributes,
            CASE WHEN claimed.nth = 1 AND d.project_id || '/' || d.event_id <> ALL ($5::text[]) THEN claimed.body END
              AS body,
            claimed.profile, claimed.profile_version AS "profileVersion", claimed.created_at AS "createdAt",
            claimed.expires_at AS "expiresAt",
            coalesce(endpoint.url, claimed.target_url) AS url,
            coalesce(endpoint.secrets, claimed.target_secret) AS secrets, endpoint.headers,
            ${tlsVersion('endpoint')} AS "tlsVersion", endpoint.oauth,
            CASE WHEN d.permitted_at > clock_timestamp()
                 THEN (extract(epoch FROM d.permitted_at - clock_timestamp()) * 1000)::float8 END AS "startInMs"
            ${withTrace ? ', claimed.traceparent, claimed.tracestate' : ''}`;

type ClaimRow = Omit<Claim, 'body' | 'attributes'> & {
  body: Buffer | null;
  attributes: Claim['attributes'] | null;
};

const CLAIM = { name: 'claim-deliveries', text: claimSql(false) };
const CLAIM_WITH_TRACE = { name: 'claim-deliveries-with-trace', text: claimSql(true) };

export type ClaimOptions = {
  /** The claiming process: while it is alive and works on the claim, the claim is not written off. */
  processId?: string | null;
  /** A delivery whose body is larger than MAX_CLAIMED_BODY_BYTES is claimed only if its body is here. */
  known?: KnownBodies | undefined;
  /** Whether to read the trace of the event. */
  withTrace?: boolean | undefined;
};

/** Opens a claim on those of `steps` that `owner` may attempt now; the result leaves out the others. */
export async function claimDeliveries(
  db: Queryable,
  owner: string,
  steps: DeliveryStep[],
  { processId = null, known = new Map(), withTrace = false }: ClaimOptions = {},
): Promise<Claim[]> {
  const { rows } = await db.query<ClaimRow>({
    ...(withTrace ? CLAIM_WITH_TRACE : CLAIM),
    values: [owner, steps.map(({ id }) => id), steps.map(({ step }) => step), processId, [...known.keys()]],
  });
  const bodies = new Map(known);
  const attributesOf = new Map<string, Claim['attributes']>();
  for (const { projectId, eventId, body, attributes } of rows) {
    const key = eventKey(projectId, eventId);
    if (body) bodies.set(key, body);
    if (attributes) attributesOf.set(key, attributes);
  }
  return rows.map((row) => {
    const key = eventKey(row.projectId, row.eventId);
    return { ...row, body: bodies.get(key)!, attributes: attributesOf.get(key)! };
  });
}

const READ_BODY = 'SELECT body FROM events WHERE project_id = $1 AND id = $2';

/** Returns the body of an event as sent to receivers, or null if the event has been removed. */
export async function readBody(db: Queryable, projectId: string, eventId: string): Promise<Buffer | null> {
  const { rows } = await db.query<{ body: Buffer }>({
    name: 'read-body',
    text: READ_BODY,
    values: [projectId, eventId],
  });
  return rows[0]?.body ?? null;
}
