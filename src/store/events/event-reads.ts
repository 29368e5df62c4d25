import type { EventStatus } from '../../policy/outcome.ts';
import type { Queryable } from '../postgres/database.ts';
import { waitingDigest } from '../receivers/waiting-for.ts';
import type { Scope } from '../scope.ts';
import { EVENT_DATA } from './event-bytes.ts';
import type { EventDraft } from './event-draft.ts';

export type StoredEvent = {
  id: string;
  sequence: number;
  type: string;
  consumer: string | null;
  status: EventStatus;
  test: boolean;
  createdAt: Date;
  expiresAt: Date | null;
  attributes: Record<string, string>;
  /** Empty if the payload has been removed. */
  data: Buffer;
  body: Buffer;
  payloadRemovedAt: Date | null;
  /** Null if the event went to endpoints. */
  targetUrl: string | null;
  deliveryCount: number;
};

export const EVENT_COLUMNS = `
  e.id, e.sequence::float8, e.type, e.consumer, e.status, e.test, e.created_at AS "createdAt", e.expires_at AS "expiresAt", e.attributes, ${EVENT_DATA} AS data, e.body,
  e.payload_removed_at AS "payloadRemovedAt",
  e.target_url AS "targetUrl", e.delivery_count AS "deliveryCount"`;

const FIND_EVENT = `
  SELECT ${EVENT_COLUMNS}
  FROM events e
  WHERE e.project_id = $1 AND ($2::text IS NULL OR e.consumer = $2) AND e.id = $3
    AND ($4::timestamptz IS NULL OR e.created_at >= $4)`;

export async function findEvent(db: Queryable, scope: Scope, id: string): Promise<StoredEvent | undefined> {
  const values = [scope.projectId, scope.consumer, id, scope.since ?? null];
  const { rows } = await db.query<StoredEvent>(FIND_EVENT, values);
  return rows[0];
}

// Only the columns that can change and that a response shows. Data and body may be megabytes and never change.
const EVENT_STATE = `
  SELECT encode(sha256(convert_to(
           concat_ws(' ', extract(epoch FROM e.created_at), e.status, e.delivery_count, e.payload_removed_at IS NULL, deliveries.states), 'UTF8')), 'hex') AS state
  FROM events e
  CROSS JOIN LATERAL (
    SELECT string_agg(
             ROW(id, status, attempts, extract(epoch FROM due_at), last_outcome, last_status_code, last_error_code, reason, ${waitingDigest('first_deliveries')},
                 cancel_reason IS NOT NULL, replayed_by, extract(epoch FROM dismissed_at), workflow_id)::text,
             ' ' ORDER BY id) AS states
    FROM (
      SELECT * FROM (SELECT * FROM deliveries d WHERE d.project_id = e.project_id AND d.event_id = e.id OFFSET 0) AS d
      ORDER BY d.id
      LIMIT $4
    ) AS first_deliveries
  ) AS deliveries
  WHERE e.project_id = $1 AND ($2::text IS NULL OR e.consumer = $2) AND e.id = $3
    AND ($5::timestamptz IS NULL OR e.created_at >= $5)`;

/** Returns a digest of what can change in an event and its first `deliveries`; undefined if there is no such event. */
export async function eventStateDigest(
  db: Queryable,
  scope: Scope,
  id: string,
  deliveries: number,
): Promise<string | undefined> {
  const values = [scope.projectId, scope.consumer, id, deliveries, scope.since ?? null];
  const { rows } = await db.query<{ state: string }>({ name: 'event-state', text: EVENT_STATE, values });
  return rows[0]?.state;
}

const EVENT_PROFILES = `
  SELECT e.project_id AS "projectId", e.id, e.profile, e.profile_version AS version
  FROM events e
  JOIN (SELECT DISTINCT * FROM unnest($1::text[], $2::text[]) AS w (project_id, id)) AS wanted USING (project_id, id)`;

/** Returns the profiles and versions under which the events of the deliveries were accepted. */
export async function eventProfiles(
  db: Queryable,
  deliveries: { projectId: string; eventId: string }[],
): Promise<{ projectId: string; id: string; profile: string; version: number }[]> {
  const { rows } = await db.query(EVENT_PROFILES, [
    deliveries.map(({ projectId }) => projectId),
    deliveries.map(({ eventId }) => eventId),
  ]);
  return rows;
}

const STORED_CONTENTS = `SELECT id, content_hash AS hash FROM events WHERE project_id = $1 AND id = ANY ($2::text[])`;

/** Returns the content hashes of those of `ids` that are events of the project. */
export async function storedContentHashes(
  db: Queryable,
  projectId: string,
  ids: string[],
): Promise<Map<string, Buffer>> {
  const { rows } = await db.query<{ id: string; hash: Buffer }>(STORED_CONTENTS, [projectId, ids]);
  return new Map(rows.map(({ id, hash }) => [id, hash]));
}

const STORED_COMPOSITIONS = `
  SELECT id, body, profile, profile_version AS "profileVersion"
  FROM events WHERE project_id = $1 AND id = ANY ($2::text[])`;

/** Returns the bodies of those of `ids` that are events of the project, with the profiles that composed them. */
export async function storedBodies(
  db: Queryable,
  projectId: string,
  ids: string[],
): Promise<Map<string, Pick<EventDraft, 'body' | 'profile' | 'profileVersion'>>> {
  if (ids.length === 0) return new Map();
  const { rows } = await db.query(STORED_COMPOSITIONS, [projectId, ids]);
  return new Map(rows.map(({ id, ...composition }) => [id, composition]));
}
