import type { Queryable } from '../postgres/database.ts';
import type { KeyAccess } from '../projects/api-keys.ts';
import { endExcessSessions, insertSession } from './sessions.ts';

export type NewSignInCode = {
  hash: Buffer;
  kind: 'admin' | 'project';
  projectId: string | null;
  /** The key whose rights it gives, and with which it ends: as of a session. */
  keyHash: Buffer;
};

const INSERT_CODE = `
  INSERT INTO sign_in_codes (hash, kind, project_id, key_hash, expires_at)
  VALUES ($1, $2, $3, $4, now() + interval '10 minutes')
  RETURNING expires_at AS "expiresAt"`;

/** Stores a code that signs in once, within 10 minutes. Returns when it expires. */
export async function insertSignInCode(db: Queryable, code: NewSignInCode): Promise<Date> {
  const values = [code.hash, code.kind, code.projectId, code.keyHash];
  return (await db.query<{ expiresAt: Date }>(INSERT_CODE, values)).rows[0]!.expiresAt;
}

// One statement: two calls with one code cannot both get a session. $3 code, $4 access, $5 the MACs of the admin key.
const SIGN_IN = `
  WITH code AS (
    UPDATE sign_in_codes c SET used_at = now()
    WHERE hash = $3 AND used_at IS NULL AND expires_at > now()
      AND CASE kind
        WHEN 'admin' THEN key_hash = ANY ($5::bytea[])
        ELSE EXISTS (SELECT FROM api_keys WHERE hash = c.key_hash AND project_id = c.project_id)
      END
    RETURNING kind, project_id, key_hash
  )
  ${insertSession('SELECT kind, project_id, $4::text AS access, key_hash FROM code')}
  RETURNING key_hash AS "keyHash"`;

/** Uses the code and stores the session that it gives. False if the code is unknown, used or expired, or its key is gone. */
export async function signInWithCode(
  db: Queryable,
  code: { hash: Buffer; access: KeyAccess },
  session: { id: string; hash: Buffer },
  adminMacs: Buffer[],
): Promise<boolean> {
  const values = [session.id, session.hash, code.hash, code.access, adminMacs];
  const { rows } = await db.query<{ keyHash: Buffer }>(SIGN_IN, values);
  if (!rows[0]) return false;
  await endExcessSessions(db, rows[0].keyHash);
  return true;
}
