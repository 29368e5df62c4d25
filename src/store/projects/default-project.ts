import type { Queryable } from '../postgres/database.ts';

const UPSERT_DEFAULT_PROJECT = `
  WITH project AS (
    INSERT INTO projects (id, name, profile) VALUES ('default', 'default', 'standard-webhooks') ON CONFLICT DO NOTHING
  )
  INSERT INTO api_keys (id, project_id, hash) VALUES ('key_default', 'default', $1)
  ON CONFLICT (id) DO UPDATE SET hash = excluded.hash`;

/** Creates the project `default` if it does not exist, and makes the key with this SHA-256 hash its key. */
export async function upsertDefaultProject(db: Queryable, keyHash: Buffer): Promise<void> {
  await db.query(UPSERT_DEFAULT_PROJECT, [keyHash]);
}
