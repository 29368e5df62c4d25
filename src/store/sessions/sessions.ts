import type { Capability } from '../../policy/capabilities.ts';
import type { Queryable } from '../postgres/database.ts';
import { type KeyAccess, type ProjectInForce, projectInForce } from '../projects/api-keys.ts';
import type { PortalSettings } from './portal-settings.ts';

/** What a portal link sets of the look of the portal. */
export type LinkTheme = Partial<Pick<PortalSettings, 'logoUrl' | 'accent' | 'mode' | 'radius'>>;

/** A session in force, with what every call needs to know about its project; an admin session has none. */
export type StoredSession = {
  hash: Buffer;
  id: string;
  access: KeyAccess;
  /** What a session of the portal may do; null: what a key of its kind may. */
  capabilities: Capability[] | null;
  /** The key that it came from; null for a session of the admin key or of the portal. */
  keyId: string | null;
  keyHash: Buffer | null;
  /** When it ends if it is not used before then. */
  expiresAt: Date;
  theme: LinkTheme | null;
  returnUrl: string | null;
  refreshUrl: string | null;
  /** Its use should be recorded again. */
  useIsDue: boolean;
} & ({ kind: 'admin' } | ({ kind: 'project' | 'consumer' } & ProjectInForce));

const USE_INTERVAL = `interval '5 minutes'`;

/** SQL: whether the session `s` is in force. $2 has the MACs of the admin key. */
const IN_FORCE = `
  s.expires_at > now() AND s.used_at + s.idle_seconds * interval '1 second' > now()
  AND CASE s.kind
    WHEN 'admin' THEN s.key_hash = ANY ($2::bytea[])
    WHEN 'project' THEN EXISTS (SELECT FROM api_keys WHERE hash = s.key_hash AND project_id = s.project_id)
    ELSE true
  END
  AND (s.kind = 'admin' OR EXISTS (SELECT FROM projects WHERE id = s.project_id AND deleted_at IS NULL))`;

const FIND_SESSIONS = `
  SELECT s.hash, s.id, s.kind, s.access, s.capabilities, s.key_hash AS "keyHash", s.theme,
         s.return_url AS "returnUrl", s.refresh_url AS "refreshUrl",
         least(s.used_at + s.idle_seconds * interval '1 second', s.expires_at) AS "expiresAt",
         s.used_at < now() - ${USE_INTERVAL} AS "useIsDue", s.project_id AS "projectId", s.consumer,
         (SELECT id FROM api_keys WHERE hash = s.key_hash) AS "keyId",
         ${projectInForce('s')}
  FROM sessions s LEFT JOIN projects project ON project.id = s.project_id
  WHERE s.hash = ANY ($1::bytea[]) AND ${IN_FORCE}`;

/** Returns the sessions with these hashes that are in force. `adminMacs` are those of the current admin key. */
export async function findSessions(
  db: Queryable,
  hashes: Buffer[],
  adminMacs: Buffer[],
): Promise<StoredSession[]> {
  const { rows } = await db.query<StoredSession>(FIND_SESSIONS, [hashes, adminMacs]);
  return rows;
}

const EXISTING_SESSIONS = `SELECT s.hash FROM sessions s WHERE s.hash = ANY ($1::bytea[]) AND ${IN_FORCE}`;

/** Returns those of `hashes` that belong to a session in force. */
export async function existingSessions(
  db: Queryable,
  hashes: Buffer[],
  adminMacs: Buffer[],
): Promise<Buffer[]> {
  const { rows } = await db.query<{ hash: Buffer }>(EXISTING_SESSIONS, [hashes, adminMacs]);
  return rows.map(({ hash }) => hash);
}

const RECORD_USE = `
  UPDATE sessions s SET used_at = now()
  WHERE hash = $1 AND used_at < now() - ${USE_INTERVAL}
  RETURNING least(now() + idle_seconds * interval '1 second', expires_at) AS "expiresAt"`;

/** Puts off the end of a session. Returns when it ends now; undefined if another process has done so, or it has ended. */
export async function recordSessionUse(db: Queryable, hash: Buffer): Promise<Date | undefined> {
  const { rows } = await db.query<{ expiresAt: Date }>(RECORD_USE, [hash]);
  return rows[0]?.expiresAt;
}

export type NewOperatorSession = {
  id: string;
  hash: Buffer;
  kind: 'admin' | 'project';
  projectId: string | null;
  access: KeyAccess;
  keyHash: Buffer;
};

const OPERATOR_IDLE_SECONDS = 12 * 3_600;
const OPERATOR_LIFETIME = `interval '7 days'`;
/** Sessions of one key. A further one ends the one that was used longest ago. */
const MAX_SESSIONS_OF_KEY = 100;

/** SQL: inserts a session with the values of `rights`: kind, project_id, access, key_hash. $1 id, $2 hash. */
export const insertSession = (rights: string): string => `
  INSERT INTO sessions (id, hash, kind, project_id, access, key_hash, idle_seconds, expires_at)
  SELECT $1, $2, kind, project_id, access, key_hash, ${OPERATOR_IDLE_SECONDS}, now() + ${OPERATOR_LIFETIME}
  FROM (${rights}) AS rights`;

const INSERT_OPERATOR_SESSION = insertSession(`
  SELECT $3::text AS kind, $4::text AS project_id, $5::text AS access, $6::bytea AS key_hash`);

const END_EXCESS = `
  DELETE FROM sessions WHERE hash IN (
    SELECT hash FROM sessions WHERE key_hash = $1 ORDER BY used_at DESC, created_at DESC OFFSET ${MAX_SESSIONS_OF_KEY})`;

/** Stores a session that begins with a key, and ends the oldest ones if the key has too many. */
export async function insertOperatorSession(db: Queryable, session: NewOperatorSession): Promise<void> {
  const { id, hash, kind, projectId, access, keyHash } = session;
  await db.query(INSERT_OPERATOR_SESSION, [id, hash, kind, projectId, access, keyHash]);
  await endExcessSessions(db, keyHash);
}

export async function endExcessSessions(db: Queryable, keyHash: Buffer): Promise<void> {
  await db.query(END_EXCESS, [keyHash]);
}

const DELETE_SESSION = `DELETE FROM sessions WHERE hash = $1`;

/** Ends a session; nothing happens if there is none. */
export async function deleteSession(db: Queryable, hash: Buffer): Promise<void> {
  await db.query(DELETE_SESSION, [hash]);
}
