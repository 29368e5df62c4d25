import type { Capability } from '../../policy/capabilities.ts';
import type { Queryable } from '../postgres/database.ts';
import type { LinkTheme } from './sessions.ts';

export type NewPortalLink = {
  id: string;
  hash: Buffer;
  projectId: string;
  consumer: string;
  capabilities: Capability[];
  theme: LinkTheme | null;
  returnUrl: string | null;
  refreshUrl: string | null;
  expiresInSeconds: number;
  sessionSeconds: number;
};

// Creates the consumer if this link is the first to name it.
const INSERT_LINK = `
  WITH new_consumer AS (
    INSERT INTO consumers (project_id, id) VALUES ($3, $4) ON CONFLICT DO NOTHING
  )
  INSERT INTO portal_links (id, hash, project_id, consumer, capabilities, theme, return_url, refresh_url, expires_at,
                            session_seconds)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, now() + $9 * interval '1 second', $10)
  RETURNING expires_at AS "expiresAt"`;

/** Stores a link to the portal, and its consumer if it is new. Returns when the link expires. */
export async function insertPortalLink(db: Queryable, link: NewPortalLink): Promise<Date> {
  const { id, hash, projectId, consumer, capabilities, theme, returnUrl, refreshUrl } = link;
  const look = [theme && JSON.stringify(theme), returnUrl, refreshUrl];
  const times = [link.expiresInSeconds, link.sessionSeconds];
  const values = [id, hash, projectId, consumer, capabilities, ...look, ...times];
  return (await db.query<{ expiresAt: Date }>(INSERT_LINK, values)).rows[0]!.expiresAt;
}

// Retention may have removed the link before the sessions that began with it.
const DELETE_LINK = `
  WITH link AS (
    DELETE FROM portal_links WHERE project_id = $1 AND id = $2 RETURNING id
  ), session AS (
    DELETE FROM sessions WHERE project_id = $1 AND link_id = $2 RETURNING id
  )
  SELECT FROM link UNION ALL SELECT FROM session`;

/** Revokes a link and ends the sessions that began with it. False if the project has neither. */
export async function deletePortalLink(db: Queryable, projectId: string, id: string): Promise<boolean> {
  return (await db.query(DELETE_LINK, [projectId, id])).rows.length > 0;
}

const MAX_IDLE_SECONDS = 3_600;

/** For how many seconds a session of the portal stays without use, of those that it lasts at most. */
export const portalIdleSeconds = (sessionSeconds: number): number =>
  Math.min(sessionSeconds, MAX_IDLE_SECONDS);

/** Sessions of one consumer. A further one ends the one that was used longest ago. */
const MAX_SESSIONS_OF_CONSUMER = 100;

// One statement: two calls with one code cannot both get a session. $3 the code.
const OPEN_PORTAL = `
  WITH link AS (
    UPDATE portal_links l SET used_at = now()
    WHERE hash = $3 AND used_at IS NULL AND expires_at > now()
      AND EXISTS (SELECT FROM projects WHERE id = l.project_id AND deleted_at IS NULL)
    RETURNING *
  )
  INSERT INTO sessions (id, hash, kind, project_id, consumer, access, capabilities, link_id, theme, return_url, refresh_url,
                        idle_seconds, expires_at)
  SELECT $1, $2, 'consumer', project_id, consumer, 'full', capabilities, id, theme, return_url, refresh_url,
         least(session_seconds, ${MAX_IDLE_SECONDS}), now() + session_seconds * interval '1 second'
  FROM link
  RETURNING project_id AS "projectId", consumer`;

const END_EXCESS = `
  DELETE FROM sessions WHERE hash IN (
    SELECT hash FROM sessions WHERE project_id = $1 AND consumer = $2
    ORDER BY used_at DESC, created_at DESC OFFSET ${MAX_SESSIONS_OF_CONSUMER})`;

/** Uses the link and stores the session that it gives. False if the link is unknown, used, expired or revoked. */
export async function openPortal(
  db: Queryable,
  codeHash: Buffer,
  session: { id: string; hash: Buffer },
): Promise<boolean> {
  const values = [session.id, session.hash, codeHash];
  const { rows } = await db.query<{ projectId: string; consumer: string }>(OPEN_PORTAL, values);
  if (!rows[0]) return false;
  await db.query(END_EXCESS, [rows[0].projectId, rows[0].consumer]);
  return true;
}

const END_SESSIONS = `DELETE FROM sessions WHERE project_id = $1 AND consumer = $2`;

/** Ends all sessions of a consumer in the portal. */
export async function endSessionsOfConsumer(
  db: Queryable,
  projectId: string,
  consumer: string,
): Promise<void> {
  await db.query(END_SESSIONS, [projectId, consumer]);
}
