import type pg from 'pg';
import type { Queryable } from '../postgres/database.ts';
import type { Scope } from '../scope.ts';
import { hasListener } from './listeners.ts';

/** Requests that one listener may have under way. A URL gets as many connections. */
export const MAX_UNDER_WAY = 32;
/** Bytes of bodies under way to the listeners of a project and, separately, to those of its consumers. */
const MAX_BYTES = 32 * 1024 * 1024;
/** Bytes of bodies under way to the listeners of one consumer. */
const MAX_BYTES_OF_CONSUMER = 4 * 1024 * 1024;

/** One attempt, as it is stored for the stream. */
export type StoredRequest = {
  projectId: string;
  listenerId: string;
  eventId: string;
  type: string;
  deliveryId: string;
  attempt: number;
  url: string;
  /** Sealed JSON. */
  headers: Buffer;
  body: Buffer;
  timeoutMs: number;
};

/** What the client of a listener reports of a request. */
export type ReportedResponse =
  | {
      status: number;
      headers: Record<string, string | string[]>;
      body: string;
      truncated: boolean;
      durationMs: number | null;
    }
  /** The code of the failure: there was no response. */
  | { error: string; durationMs: number | null };

// A consumer that has nothing under way always gets one request, so that others cannot hold it up: there are as few consumers
// with a listener as the quota listenersOfProject says.
const STORE = `
  WITH listener AS (
    SELECT consumer FROM listeners WHERE endpoint_id = $2 AND connected_until > now()
  ), under_way AS (
    SELECT count(*) FILTER (WHERE r.endpoint_id = $2) AS requests, coalesce(sum(octet_length(r.body)), 0) AS bytes,
           coalesce(sum(octet_length(r.body)) FILTER (WHERE r.consumer IS NOT DISTINCT FROM l.consumer), 0) AS own_bytes
    FROM listener l JOIN listener_requests r ON (r.consumer IS NULL) = (l.consumer IS NULL)
    WHERE r.project_id = $1 AND r.response IS NULL AND r.ends_at > now()
  ), stored AS (
    INSERT INTO listener_requests
      (project_id, consumer, endpoint_id, event_id, delivery_id, attempt, event_type, url, headers, body, ends_at)
    SELECT $1, l.consumer, $2, $3, $4, $5, $6, $7, $8, $9, now() + $10 * interval '1 millisecond'
    FROM listener l CROSS JOIN under_way
    WHERE requests < ${MAX_UNDER_WAY} AND (own_bytes = 0 OR (
      bytes + octet_length($9::bytea) <= ${MAX_BYTES}
      AND (l.consumer IS NULL OR own_bytes + octet_length($9::bytea) <= ${MAX_BYTES_OF_CONSUMER})))
    RETURNING id
  )
  SELECT (SELECT id FROM stored) AS id, EXISTS (SELECT FROM listener) AS connected`;

/** Stores a request, unless nobody would take it (`offline`) or too much is under way (`full`). */
export async function storeRequest(
  db: Queryable,
  request: StoredRequest,
): Promise<{ kind: 'stored'; id: string } | { kind: 'offline' | 'full' }> {
  const { projectId, listenerId, eventId, deliveryId, attempt, type, url, headers, body, timeoutMs } =
    request;
  const values: unknown[] = [projectId, listenerId, eventId, deliveryId, attempt, type, url, headers, body];
  const { rows } = await db.query<{ id: string | null; connected: boolean }>(STORE, [...values, timeoutMs]);
  const { id, connected } = rows[0]!;
  if (id !== null) return { kind: 'stored', id };
  return { kind: connected ? 'full' : 'offline' };
}

/** A request as its stream takes it. */
export type SentRequest = Omit<StoredRequest, 'listenerId'> & { sentAs: string };

// The lock makes a stream that replaces this one wait for the statement. With one row at a time, a client that does not read
// holds one body in memory.
const TAKE = `
  WITH listener AS (
    SELECT endpoint_id FROM listeners WHERE endpoint_id = $1 AND connection = $2 FOR SHARE
  ), next AS (
    SELECT r.id FROM listener_requests r JOIN listener l ON l.endpoint_id = r.endpoint_id
    WHERE r.sent_as IS NULL AND r.response IS NULL AND r.ends_at > now()
    ORDER BY r.id LIMIT 1
  )
  UPDATE listener_requests r SET sent_as = nextval('listener_requests_sent')
  FROM next WHERE r.id = next.id AND r.response IS NULL
  RETURNING r.sent_as AS "sentAs", r.project_id AS "projectId", r.event_id AS "eventId", r.event_type AS type,
            r.delivery_id AS "deliveryId", r.attempt, r.url, r.headers, r.body,
            greatest(1, extract(epoch FROM r.ends_at - clock_timestamp()) * 1000)::int AS "timeoutMs"`;

/** The next request of the listener, which counts as sent. Undefined if there is none, or if this is not its stream any more. */
export async function takeRequest(
  db: Queryable,
  listenerId: string,
  connection: string,
): Promise<SentRequest | undefined> {
  return (await db.query<SentRequest>(TAKE, [listenerId, connection])).rows[0];
}

const WITH_REQUESTS = `
  SELECT DISTINCT endpoint_id AS id FROM listener_requests
  WHERE endpoint_id = ANY ($1::text[]) AND sent_as IS NULL AND response IS NULL AND ends_at > now()`;

/** Returns those of the listeners that have a request to be sent. */
export async function listenersWithRequests(db: Queryable, listenerIds: string[]): Promise<string[]> {
  return (await db.query<{ id: string }>(WITH_REQUESTS, [listenerIds])).rows.map(({ id }) => id);
}

const RESPOND = `
  UPDATE listener_requests r SET response = $6, headers = NULL, body = NULL
  WHERE r.id = (SELECT id FROM listener_requests
                WHERE endpoint_id = $1 AND project_id = $2 AND delivery_id = $4 AND attempt = $5
                ORDER BY id DESC LIMIT 1)
    AND ($3::text IS NULL OR r.consumer = $3) AND r.response IS NULL AND r.ends_at > now()
  RETURNING r.id`;

/** Stores the response to a request, and returns the id of the request. */
export async function storeResponse(
  db: Queryable,
  scope: Scope,
  listenerId: string,
  { deliveryId, attempt }: { deliveryId: string; attempt: number },
  response: ReportedResponse,
): Promise<{ kind: 'stored'; id: string } | { kind: 'too_late' | 'not_found' }> {
  const { projectId, consumer } = scope;
  const text = Buffer.from(JSON.stringify(response), 'utf8');
  const values = [listenerId, projectId, consumer, deliveryId, attempt, text];
  const { rows } = await db.query<{ id: string }>(RESPOND, values);
  if (rows[0]) return { kind: 'stored', id: rows[0].id };
  return { kind: (await hasListener(db, scope, listenerId)) ? 'too_late' : 'not_found' };
}

const TAKE_RESPONSES = `
  DELETE FROM listener_requests WHERE id = ANY ($1::bigint[]) AND response IS NOT NULL RETURNING id, response`;

/** Removes those of the requests that have a response, and returns the responses by the id of the request. */
export async function takeResponses(db: Queryable, ids: string[]): Promise<Map<string, ReportedResponse>> {
  const { rows } = await db.query<{ id: string; response: Buffer }>(TAKE_RESPONSES, [ids]);
  return new Map(rows.map(({ id, response }) => [id, parse(response)]));
}

const END = `DELETE FROM listener_requests WHERE id = $1 RETURNING response, sent_as IS NOT NULL AS sent`;

/** Removes a request at the end of its attempt: its response, or null, and whether it was sent at all. */
export async function endRequest(
  db: Queryable,
  id: string,
): Promise<{ response: ReportedResponse | null; sent: boolean }> {
  const { rows } = await db.query<{ response: Buffer | null; sent: boolean }>(END, [id]);
  const { response = null, sent = true } = rows[0] ?? {};
  return { response: response && parse(response), sent };
}

const parse = (bytes: Buffer): ReportedResponse => JSON.parse(bytes.toString('utf8')) as ReportedResponse;

// Of a worker that was killed, or that could not reach Postgres.
const REMOVE_OLD = `
  DELETE FROM listener_requests WHERE id IN (
    SELECT id FROM listener_requests WHERE ends_at < now() - interval '30 seconds' LIMIT 500
  )`;

/** Removes up to 500 requests whose attempt has ended without their worker. Returns how many. */
export async function removeOldRequests(pool: pg.Pool): Promise<number> {
  return (await pool.query(REMOVE_OLD)).rowCount ?? 0;
}
