import type pg from 'pg';
import { deleteEndpointRow } from '../endpoints/delete-endpoint.ts';
import { inTransaction, type Queryable } from '../postgres/database.ts';
import type { Scope } from '../scope.ts';

/** How often an open stream is to be renewed. */
export const RENEW_EVERY_MS = 5_000;

// Three renewals may fail. After a stream has ended, its client has a moment to connect again: requests wait for it.
const CONNECTED_UNTIL = `now() + interval '15 seconds'`;
const AFTER_END = `now() + interval '3 seconds'`;
const EXPIRES_AT = `now() + interval '24 hours'`;

/** The stream of a listener. */
export type ListenerConnection = { listenerId: string; connection: string };

const CONNECT = `
  UPDATE listeners SET connection = $4, connected_until = ${CONNECTED_UNTIL}, expires_at = ${EXPIRES_AT}
  WHERE endpoint_id = $1 AND project_id = $2 AND ($3::text IS NULL OR consumer = $3)`;

const SEND_AGAIN = `
  UPDATE listener_requests SET sent_as = NULL WHERE endpoint_id = $1 AND response IS NULL AND sent_as > $2`;

/**
 * Makes this the stream of the listener: an older one gets no more requests. Those that were sent after `lastSent` and have no
 * response yet are sent again. False if the scope has no such listener.
 */
export async function connectListener(
  db: Queryable,
  { projectId, consumer }: Scope,
  { listenerId, connection }: ListenerConnection,
  lastSent: string,
): Promise<boolean> {
  const { rowCount } = await db.query(CONNECT, [listenerId, projectId, consumer, connection]);
  if (rowCount === 0) return false;
  // A statement of its own: it sees what an older stream has sent up to then.
  await db.query(SEND_AGAIN, [listenerId, lastSent]);
  return true;
}

const RENEW = `
  UPDATE listeners l SET connected_until = ${CONNECTED_UNTIL}, expires_at = ${EXPIRES_AT}
  FROM unnest($1::text[], $2::text[]) AS open (listener_id, connection)
  WHERE l.endpoint_id = open.listener_id AND l.connection = open.connection
  RETURNING l.connection`;

/** Returns those that are still the streams of their listeners. The others have been replaced, or their listener is deleted. */
export async function renewConnections(db: Queryable, open: ListenerConnection[]): Promise<Set<string>> {
  const values = [open.map(({ listenerId }) => listenerId), open.map(({ connection }) => connection)];
  const { rows } = await db.query<{ connection: string }>(RENEW, values);
  return new Set(rows.map(({ connection }) => connection));
}

const DISCONNECT = `
  UPDATE listeners SET connected_until = ${AFTER_END}, expires_at = ${EXPIRES_AT}
  WHERE endpoint_id = $1 AND connection = $2`;

export async function disconnectListener(
  db: Queryable,
  { listenerId, connection }: ListenerConnection,
): Promise<void> {
  await db.query(DISCONNECT, [listenerId, connection]);
}

const MAX_EXPIRED = 100;

const EXPIRED = `
  SELECT endpoint_id AS id, project_id AS "projectId" FROM listeners
  WHERE expires_at < now() ORDER BY endpoint_id LIMIT ${MAX_EXPIRED}`;

const LOCK_ENDPOINT = 'SELECT FROM endpoints WHERE id = $1 FOR UPDATE';

const LOCK_EXPIRED = 'SELECT FROM listeners WHERE endpoint_id = $1 AND expires_at < now() FOR UPDATE';

/**
 * Marks up to 100 expired listeners as deleted; their open deliveries are cancelled by the sweep of deleted endpoints. Returns
 * how many.
 */
export async function deleteExpiredListeners(pool: pg.Pool): Promise<number> {
  let deleted = 0;
  const { rows } = await pool.query<{ id: string; projectId: string }>(EXPIRED);
  for (const { id, projectId } of rows) {
    const isDeleted = await inTransaction(pool, async (client) => {
      // The endpoint before its listener, as when an endpoint is deleted; the other way round, the two would deadlock.
      await client.query(LOCK_ENDPOINT, [id]);
      // A client may have connected in the meantime.
      if ((await client.query(LOCK_EXPIRED, [id])).rowCount === 0) return false;
      return deleteEndpointRow(client, projectId, null, id);
    });
    if (isDeleted) deleted++;
  }
  return deleted;
}
