import type { DeliveryStatus, Outcome, Trigger } from '../../policy/outcome.ts';
import type { WaitReason } from '../../policy/waiting.ts';
import type { Queryable } from '../postgres/database.ts';
import { type Page, type PageRequest, pageOf } from '../postgres/pages.ts';
import { waitingColumns } from '../receivers/waiting-for.ts';
import type { Scope } from '../scope.ts';
import type { DeliveryFilter } from './delivery-filter.ts';
import type { AttemptRecord } from './recording/attempt-record.ts';

export type Delivery = {
  id: string;
  event: string;
  /** Of the event. */
  sequence: number;
  endpoint: string | null;
  status: DeliveryStatus;
  attempts: number;
  nextAttemptAt: Date | null;
  lastOutcome: Outcome | null;
  reason: string | null;
  /** Null: an attempt is under way, or the delivery is settled. */
  waitingFor: WaitReason | null;
  waitingUntil: Date | null;
  replayOf: string | null;
  /** The newest delivery that replays this one. */
  replayedBy: string | null;
  /** The recovery that made it. */
  recovery: string | null;
  createdAt: Date;
  settledAt: Date | null;
  consumer: string | null;
  eventType: string;
  test: boolean;
  lastStatusCode: number | null;
  /** Of the error of the last attempt. */
  lastErrorCode: string | null;
  /** An attempt is in flight, and its result decides whether the delivery is cancelled. */
  cancelRequested: boolean;
  dismissedAt: Date | null;
  workflowId: string | null;
};

/** A delivery with the rules under which it is sent. `policy`: canonical text. */
export type DeliveryDetails = Delivery & {
  policy: string;
  step: number;
  expiresAt: Date | null;
  profile: { name: string; version: number };
};

export const DELIVERY_COLUMNS = `
  d.id, d.event_id AS event, d.endpoint_id AS endpoint, d.status, d.attempts, d.due_at AS "nextAttemptAt",
  d.last_outcome AS "lastOutcome", d.reason, ${waitingColumns('d')}, d.replay_of AS "replayOf",
  d.replayed_by AS "replayedBy", d.recovery_id AS recovery, d.created_at AS "createdAt", d.settled_at AS "settledAt", d.consumer,
  (SELECT e.type FROM events e WHERE e.project_id = d.project_id AND e.id = d.event_id) AS "eventType", d.test,
  coalesce(d.sequence, (SELECT e.sequence FROM events e WHERE e.project_id = d.project_id AND e.id = d.event_id))::float8
    AS sequence,
  d.last_status_code AS "lastStatusCode", d.last_error_code AS "lastErrorCode", d.cancel_reason IS NOT NULL AS "cancelRequested",
  d.dismissed_at AS "dismissedAt", d.workflow_id AS "workflowId"`;

/** SQL: whether the event of delivery `d` is not older than `since`. The delivery itself may be newer, if it repeats another. */
const eventCreatedSince = (since: string): string => `
  (${since}::timestamptz IS NULL OR EXISTS (
    SELECT FROM events e WHERE e.project_id = d.project_id AND e.id = d.event_id AND e.created_at >= ${since}))`;

const FIND_DELIVERY = `
  SELECT ${DELIVERY_COLUMNS}, d.policy, d.step, event.expires_at AS "expiresAt", jsonb_build_object('name', event.profile, 'version', event.profile_version) AS profile
  FROM deliveries d JOIN events event ON event.project_id = d.project_id AND event.id = d.event_id
  WHERE d.project_id = $1 AND ($2::text IS NULL OR d.consumer = $2) AND d.id = $3 AND ${eventCreatedSince('$4')}`;

export async function findDelivery(
  db: Queryable,
  scope: Scope,
  id: string,
): Promise<DeliveryDetails | undefined> {
  const values = [scope.projectId, scope.consumer, id, scope.since ?? null];
  const { rows } = await db.query<DeliveryDetails>({ name: 'find-delivery', text: FIND_DELIVERY, values });
  return rows[0];
}

// Planning the columns takes 9 ms of CPU, far more than reading a page, so a connection keeps the plan. What may have changed
// since the ids were found is tested again. OFFSET 0 keeps Postgres from reading deliveries along another index.
const LISTED = {
  name: 'listed-deliveries',
  text: `
    SELECT ${DELIVERY_COLUMNS}
    FROM unnest($1::text[]) AS wanted (id)
    CROSS JOIN LATERAL (SELECT * FROM deliveries WHERE id = wanted.id OFFSET 0) AS d
    WHERE ($2::text[] IS NULL OR d.status = ANY ($2)) AND ($3::boolean IS NOT TRUE OR d.needs_attention)
      AND ($4::text IS NULL OR d.last_outcome = $4) AND ($5::int IS NULL OR d.last_status_code = $5)
      AND ($6::text IS NULL OR d.last_error_code = $6)
    ORDER BY d.id DESC`,
};

/** Returns those of the deliveries that still match the filter, newest first. */
export async function listedDeliveries(
  db: Queryable,
  ids: string[],
  { statuses, attention, outcome, statusCode, errorCode }: DeliveryFilter,
): Promise<Delivery[]> {
  if (ids.length === 0) return [];
  const values = [ids, statuses, attention, outcome, statusCode, errorCode].map((value) => value ?? null);
  return (await db.query<Delivery>({ ...LISTED, values })).rows;
}

// OFFSET 0 makes Postgres find an event's deliveries first and then sort them; otherwise it may scan all deliveries by id.
const FIRST_DELIVERIES = `
  SELECT ${DELIVERY_COLUMNS}
  FROM unnest($2::text[]) AS wanted (event_id)
  CROSS JOIN LATERAL (
    SELECT * FROM (SELECT * FROM deliveries WHERE project_id = $1 AND event_id = wanted.event_id OFFSET 0) AS of_event
    ORDER BY id
    LIMIT $3
  ) AS d
  ORDER BY d.event_id, d.id`;

/** Returns the first `limit` deliveries of each event, in the order in which they were created. */
export async function firstDeliveriesOf(
  db: Queryable,
  projectId: string,
  eventIds: string[],
  limit: number,
): Promise<Map<string, Delivery[]>> {
  const values = [projectId, eventIds, limit];
  const { rows } = await db.query<Delivery>({ name: 'first-deliveries', text: FIRST_DELIVERIES, values });
  return Map.groupBy(rows, ({ event }) => event);
}

/** A recorded attempt. Its `epoch` increases with every claim, so it is unique within the delivery. */
export type Attempt = Omit<
  AttemptRecord,
  'id' | 'retryInMs' | 'finalReason' | 'receiverFailure' | 'nextOwner'
> & {
  number: number;
  step: number;
  trigger: Trigger;
};

// The caller has checked that the delivery is visible to it.
const LIST_ATTEMPTS = `
  SELECT number, epoch, step, started_at AS "startedAt", duration_ms AS "durationMs", outcome,
         status_code AS "statusCode", trigger, resent, request_url AS "requestUrl",
         request_headers AS "requestHeaders", response_headers AS "responseHeaders",
         response_body AS "responseBody", response_truncated AS "responseTruncated",
         error_code AS "errorCode", error_message AS "errorMessage"
  FROM attempts
  WHERE delivery_id = $1 AND ($2::int IS NULL OR epoch < $2)
  ORDER BY epoch DESC
  LIMIT $3`;

export async function listAttempts(
  db: Queryable,
  deliveryId: string,
  page: PageRequest,
): Promise<Page<Attempt>> {
  const values = [deliveryId, page.after?.[0] ?? null, page.limit + 1];
  const { rows } = await db.query<Attempt>(LIST_ATTEMPTS, values);
  return pageOf(rows, page.limit, ({ epoch }) => [String(epoch)]);
}
