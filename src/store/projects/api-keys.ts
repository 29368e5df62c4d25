import type pg from 'pg';
import type { PolicyOverride } from '../../policy/policy-override.ts';
import type { Quotas } from '../../policy/quotas.ts';
import { inTransaction, type Queryable } from '../postgres/database.ts';
import { maxId } from '../postgres/ids.ts';
import { type Page, type PageRequest, pageOf } from '../postgres/pages.ts';
import { type CreatedOnce, createOnce, type IdempotencyQuotas, type IdempotentCall } from './create-once.ts';
import { countUpTo, lockQuotaCount, requireBelowQuota } from './enforce-quota.ts';
import { newestProfile } from './profile-scope.ts';
import type { Project } from './projects.ts';

export type ApiKey = {
  id: string;
  consumer: string | null;
  access: KeyAccess;
  name: string | null;
  /** To five minutes; null: never. */
  lastUsedAt: Date | null;
  createdAt: Date;
};

/** Whether a key or session may change anything. */
export type KeyAccess = 'full' | 'read';

/** What every call needs to know about the project of its key or session. */
export type ProjectInForce = {
  projectId: string;
  consumer: string | null;
  /** When a consumer with the same id was deleted; older rows are not visible to this one. */
  since?: Date | null;
  profile: string;
  /** The newest stored version of the profile; null for a shipped profile. */
  profileVersion: number | null;
  policy: PolicyOverride | null;
  plansInForce: string[] | null;
  schemas: Project['schemas'];
  catalogueVersion: number;
};

export type KeyOwner = ProjectInForce & {
  hash: Buffer;
  keyId: string;
  access: KeyAccess;
  /** Its use should be recorded again. */
  useIsDue: boolean;
};

/** SQL: the members of ProjectInForce that come from the row `project`, and from the consumer of the row `tenant`. */
export const projectInForce = (tenant: string): string => `
  project.profile, project.policy, project.plans_in_force AS "plansInForce", project.schemas,
  project.catalogue_version AS "catalogueVersion",
  (SELECT deleted_at FROM deleted_consumers
   WHERE project_id = ${tenant}.project_id AND id = ${tenant}.consumer) AS since,
  (${newestProfile('version', 'project.id', 'project.profile')}) AS "profileVersion"`;

// Creates the consumer if this key is the first to name it.
const INSERT_KEY = `
  WITH new_consumer AS (
    INSERT INTO consumers (project_id, id) SELECT $2, $3 WHERE $3::text IS NOT NULL ON CONFLICT DO NOTHING
  )
  INSERT INTO api_keys (id, project_id, consumer, hash, access, name) VALUES ($1, $2, $3, $4, $5, $6)`;

const COUNT_OF_PROJECT = countUpTo('FROM api_keys WHERE project_id = $1', '$2');
const COUNT_OF_CONSUMER = countUpTo('FROM api_keys WHERE project_id = $1 AND consumer = $2', '$3');

export type KeyQuotas = Pick<Quotas, 'keysOfProject' | 'keysOfConsumer'> & IdempotencyQuotas;

/**
 * Stores a key, and its consumer if it is new, and returns `body` as the response. Throws what createOnce throws, also
 * QuotaReached for too many API keys; nothing is stored then.
 */
export async function insertApiKey(
  pool: pg.Pool,
  key: Pick<ApiKey, 'id' | 'consumer' | 'access' | 'name'> & { projectId: string; hash: Buffer },
  { quotas, call }: { quotas: KeyQuotas; call: IdempotentCall | null },
  body: unknown,
): Promise<CreatedOnce> {
  const { id, projectId, consumer, hash, access, name } = key;
  return inTransaction(pool, async (client) => {
    await lockQuotaCount(client, 'keys', projectId);
    return createOnce(client, call, { quotas, about: consumer }, async () => {
      await requireBelowQuota(client, COUNT_OF_PROJECT, [projectId], 'keysOfProject', quotas.keysOfProject);
      if (consumer !== null) {
        const values = [projectId, consumer];
        await requireBelowQuota(client, COUNT_OF_CONSUMER, values, 'keysOfConsumer', quotas.keysOfConsumer);
      }
      await client.query(INSERT_KEY, [id, projectId, consumer, hash, access, name]);
      return { repeated: false, body };
    });
  });
}

const USE_INTERVAL = `interval '5 minutes'`;

const FIND_OWNERS = `
  SELECT key.hash, key.id AS "keyId", key.project_id AS "projectId", key.consumer, key.access,
         coalesce(key.last_used_at < now() - ${USE_INTERVAL}, true) AS "useIsDue",
         ${projectInForce('key')}
  FROM api_keys key JOIN projects project ON project.id = key.project_id
  WHERE key.hash = ANY ($1::bytea[]) AND project.deleted_at IS NULL`;

/** Returns the owners of the keys with these hashes; unknown keys are left out. */
export async function findKeyOwners(db: Queryable, hashes: Buffer[]): Promise<KeyOwner[]> {
  const { rows } = await db.query<KeyOwner>(FIND_OWNERS, [hashes]);
  return rows;
}

// Another process may record the use of the same keys now. Waiting for it could deadlock, and is of no use.
const RECORD_USE = `
  UPDATE api_keys SET last_used_at = now()
  WHERE id IN (SELECT id FROM api_keys
               WHERE hash = ANY ($1::bytea[]) AND coalesce(last_used_at < now() - ${USE_INTERVAL}, true)
               FOR NO KEY UPDATE SKIP LOCKED)`;

/** Records that the keys with these hashes are in use, at most every five minutes. */
export async function recordKeyUse(db: Queryable, hashes: Buffer[]): Promise<void> {
  await db.query(RECORD_USE, [hashes]);
}

const EXISTING_KEYS = `SELECT hash FROM api_keys WHERE hash = ANY ($1::bytea[])`;

/** Returns those of `hashes` that belong to a stored key. */
export async function existingKeys(db: Queryable, hashes: Buffer[]): Promise<Buffer[]> {
  const { rows } = await db.query<{ hash: Buffer }>(EXISTING_KEYS, [hashes]);
  return rows.map(({ hash }) => hash);
}

const KEY_COLUMNS = 'id, consumer, access, name, last_used_at AS "lastUsedAt", created_at AS "createdAt"';

// The project is bounded from both sides for the reason given at alongIndex in delivery-lists.ts.
const LIST_KEYS = `
  SELECT ${KEY_COLUMNS} FROM api_keys
  WHERE (project_id, id) < ($1, $2::text) AND project_id >= $1
  ORDER BY project_id DESC, id DESC
  LIMIT $3`;

// A quota limits how many there are.
const LIST_KEYS_OF_CONSUMER = `
  SELECT ${KEY_COLUMNS} FROM api_keys
  WHERE project_id = $1 AND id < $2 AND consumer = $4
  ORDER BY id DESC
  LIMIT $3`;

export async function listApiKeys(
  db: Queryable,
  projectId: string,
  page: PageRequest,
  consumer?: string,
): Promise<Page<ApiKey>> {
  const values = [projectId, page.after?.[0] ?? maxId('key'), page.limit + 1];
  const { rows } = await (consumer === undefined
    ? db.query<ApiKey>(LIST_KEYS, values)
    : db.query<ApiKey>(LIST_KEYS_OF_CONSUMER, [...values, consumer]));
  return pageOf(rows, page.limit, ({ id }) => [id]);
}

const DELETE_KEY = `DELETE FROM api_keys WHERE project_id = $1 AND id = $2 RETURNING id`;

/** Deletes a key. Returns false if the project has no such key. */
export async function deleteApiKey(db: Queryable, projectId: string, id: string): Promise<boolean> {
  const { rowCount } = await db.query(DELETE_KEY, [projectId, id]);
  return rowCount === 1;
}
