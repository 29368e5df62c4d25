import type { EventStatus } from '../policy/outcome.ts';
import type { Queryable } from './database.ts';
import type { Scope } from './endpoints.ts';
import type { EventDraft } from './event-draft.ts';
import type { Page, PageRequest } from './pages.ts';

export type StoredEvent = {
  id: string;
  type: string;
  consumer: string | null;
  status: EventStatus;
  test: boolean;
  createdAt: Date;
  attributes: Record<string, string>;
  data: Buffer;
  body: Buffer;
  deliveryCount: number;
};

const COLUMNS = `
  e.id, e.type, e.consumer, e.status, e.test, e.created_at AS "createdAt", e.attributes, e.data, e.body,
  e.delivery_count AS "deliveryCount"`;

const FIND_EVENT = `
  SELECT ${COLUMNS}
  FROM events e
  WHERE e.project_id = $1 AND ($2::text IS NULL OR e.consumer = $2) AND e.id = $3`;

export async function findEvent(db: Queryable, scope: Scope, id: string): Promise<StoredEvent | undefined> {
  const { rows } = await db.query<StoredEvent>(FIND_EVENT, [scope.projectId, scope.consumer, id]);
  return rows[0];
}

// The columns that an answer about the event shows and that change; never data and body, which may be megabytes.
const EVENT_STATE = `
  SELECT encode(sha256(convert_to(
           concat_ws(' ', extract(epoch FROM e.created_at), e.status, e.delivery_count, deliveries.states), 'UTF8')), 'hex') AS state
  FROM events e
  CROSS JOIN LATERAL (
    SELECT string_agg(
             ROW(id, status, attempts, extract(epoch FROM due_at), last_outcome, reason, waiting_for, workflow_id)::text,
             ' ' ORDER BY id) AS states
    FROM (
      SELECT * FROM deliveries d
      WHERE d.project_id = e.project_id AND d.event_id = e.id
      ORDER BY d.id
      LIMIT $4
    ) AS shown
  ) AS deliveries
  WHERE e.project_id = $1 AND ($2::text IS NULL OR e.consumer = $2) AND e.id = $3`;

/** A digest of what changes about an event with its first `deliveries`; undefined when there is no such event. */
export async function eventState(
  db: Queryable,
  scope: Scope,
  id: string,
  deliveries: number,
): Promise<string | undefined> {
  const values = [scope.projectId, scope.consumer, id, deliveries];
  const { rows } = await db.query<{ state: string }>(EVENT_STATE, values);
  return rows[0]?.state;
}

const EVENT_PROFILES = `
  SELECT e.project_id AS "projectId", e.id, e.profile, e.profile_version AS version
  FROM events e
  JOIN (SELECT DISTINCT * FROM unnest($1::text[], $2::text[]) AS w (project_id, id)) AS wanted USING (project_id, id)`;

/** The profiles under which the events of the deliveries were accepted. */
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

/** The content hashes of those of `ids` that are events of the project. */
export async function storedContents(
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

/** The bodies of those of `ids` that are events of the project, with the profiles that composed them. */
export async function storedCompositions(
  db: Queryable,
  projectId: string,
  ids: string[],
): Promise<Map<string, Pick<EventDraft, 'body' | 'profile' | 'profileVersion'>>> {
  if (ids.length === 0) return new Map();
  const { rows } = await db.query(STORED_COMPOSITIONS, [projectId, ids]);
  return new Map(rows.map(({ id, ...composition }) => [id, composition]));
}

// A page ends early where its bodies would be more than $11 bytes together: 200 events of 1 MB each would be
// held in memory several times over. Its first event is always in it, and "more" says that it was cut.
const LIST_EVENTS = `
  WITH page AS (
    SELECT e.*, octet_length(e.data) + octet_length(e.body) AS size
    FROM events e
    WHERE e.project_id = $1 AND ($2::text IS NULL OR e.consumer = $2)
      AND ($3::text IS NULL OR e.type = $3)
      AND ($4::text IS NULL OR e.status = $4)
      AND ($5::text IS NULL OR EXISTS (
        SELECT FROM deliveries d
        WHERE d.project_id = e.project_id AND d.event_id = e.id AND d.endpoint_id = $5))
      AND ($6::timestamptz IS NULL OR e.created_at >= $6)
      AND ($7::timestamptz IS NULL OR e.created_at < $7)
      AND ($8::timestamptz IS NULL OR (e.created_at, e.id) < ($8, $9))
      AND ($12::text IS NULL OR e.consumer = $12)
    ORDER BY e.created_at DESC, e.id DESC
    LIMIT $10
  ), measured AS (
    SELECT page.*, sum(size) OVER newest - size AS bytes_before, row_number() OVER newest AS place,
           count(*) OVER () AS found
    FROM page
    WINDOW newest AS (ORDER BY created_at DESC, id DESC)
  )
  SELECT ${COLUMNS}, e.found > e.place AS more
  FROM measured e
  WHERE bytes_before < $11 AND place < $10
  ORDER BY e.created_at DESC, e.id DESC`;

const MAX_PAGE_BYTES = 8 * 1024 * 1024;

export type EventFilter = {
  type?: string | undefined;
  status?: EventStatus | undefined;
  consumer?: string | undefined;
  endpoint?: string | undefined;
  since?: Date | undefined;
  until?: Date | undefined;
};

/** Newest first; `since` is included, `until` is not. */
export async function listEvents(
  db: Queryable,
  scope: Scope,
  filter: EventFilter,
  page: PageRequest,
): Promise<Page<StoredEvent>> {
  const [time = null, id = null] = page.after ?? [];
  const { rows } = await db.query<StoredEvent & { more: boolean }>(LIST_EVENTS, [
    scope.projectId,
    scope.consumer,
    filter.type ?? null,
    filter.status ?? null,
    filter.endpoint ?? null,
    filter.since ?? null,
    filter.until ?? null,
    time === null ? null : new Date(time),
    id,
    page.limit + 1,
    MAX_PAGE_BYTES,
    filter.consumer ?? null,
  ]);
  const last = rows.at(-1);
  return { items: rows, next: last?.more ? [last.createdAt.toISOString(), last.id] : null };
}
