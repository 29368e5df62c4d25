import type pg from 'pg';
import type { Quotas } from '../../policy/quotas.ts';
import type { PolicyOverride } from '../../policy/retry-policy.ts';
import { inTransaction, type Queryable } from '../postgres/database.ts';
import { maxId } from '../postgres/ids.ts';
import { type Page, type PageRequest, pageOf } from '../postgres/pages.ts';
import { countUpTo, lockQuotaCount, requireBelowQuota } from './enforce-quota.ts';
import { newestProfile } from './profile-scope.ts';
import type { Project } from './projects.ts';

export type ApiKey = { id: string; consumer: string | null; createdAt: Date };

/** The owner of a key, with what every call needs to know about the project. */
export type KeyOwner = {
  hash: Buffer;
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

// Creates the consumer if this key is the first to name it.
const INSERT_KEY = `
  WITH new_consumer AS (
    INSERT INTO consumers (project_id, id) SELECT $2, $3 WHERE $3::text IS NOT NULL ON CONFLICT DO NOTHING
  )
  INSERT INTO api_keys (id, project_id, consumer, hash) VALUES ($1, $2, $3, $4)`;

const COUNT_OF_PROJECT = countUpTo('FROM api_keys WHERE project_id = $1', '$2');
const COUNT_OF_CONSUMER = countUpTo('FROM api_keys WHERE project_id = $1 AND consumer = $2', '$3');

/** Stores a key, and its consumer if it is new. Throws QuotaReached, and then stores neither. */
export async function insertApiKey(
  pool: pg.Pool,
  key: { id: string; projectId: string; consumer: string | null; hash: Buffer },
  quotas: Pick<Quotas, 'keysOfProject' | 'keysOfConsumer'>,
): Promise<void> {
  const { id, projectId, consumer, hash } = key;
  await inTransaction(pool, async (client) => {
    await lockQuotaCount(client, 'keys', projectId);
    await requireBelowQuota(client, COUNT_OF_PROJECT, [projectId], 'keysOfProject', quotas.keysOfProject);
    if (consumer !== null) {
      const values = [projectId, consumer];
      await requireBelowQuota(client, COUNT_OF_CONSUMER, values, 'keysOfConsumer', quotas.keysOfConsumer);
    }
    await client.query(INSERT_KEY, [id, projectId, consumer, hash]);
  });
}

const FIND_OWNERS = `
  SELECT key.hash, key.project_id AS "projectId", key.consumer, project.profile, project.policy,
         project.plans_in_force AS "plansInForce", project.schemas, project.catalogue_version AS "catalogueVersion",
         (SELECT deleted_at FROM deleted_consumers WHERE project_id = key.project_id AND id = key.consumer) AS since,
         (${newestProfile('version', 'project.id', 'project.profile')}) AS "profileVersion"
  FROM api_keys key JOIN projects project ON project.id = key.project_id
  WHERE key.hash = ANY ($1::bytea[])`;

/** Returns the owners of the keys with these hashes; unknown keys are left out. */
export async function findKeyOwners(db: Queryable, hashes: Buffer[]): Promise<KeyOwner[]> {
  const { rows } = await db.query<KeyOwner>(FIND_OWNERS, [hashes]);
  return rows;
}

const EXISTING_KEYS = `SELECT hash FROM api_keys WHERE hash = ANY ($1::bytea[])`;

/** Returns those of `hashes` that belong to a stored key. */
export async function existingKeys(db: Queryable, hashes: Buffer[]): Promise<Buffer[]> {
  const { rows } = await db.query<{ hash: Buffer }>(EXISTING_KEYS, [hashes]);
  return rows.map(({ hash }) => hash);
}

// The project is bounded from both sides for the reason given at alongIndex in delivery-lists.ts.
const LIST_KEYS = `
  SELECT id, consumer, created_at AS "createdAt"
  FROM api_keys
  WHERE (project_id, id) < ($1, $2::text) AND project_id >= $1
  ORDER BY project_id DESC, id DESC
  LIMIT $3`;

export async function listApiKeys(
  db: Queryable,
  projectId: string,
  page: PageRequest,
): Promise<Page<ApiKey>> {
  const { rows } = await db.query<ApiKey>(LIST_KEYS, [
    projectId,
    page.after?.[0] ?? maxId('key'),
    page.limit + 1,
  ]);
  return pageOf(rows, page.limit, ({ id }) => [id]);
}

const DELETE_KEY = `DELETE FROM api_keys WHERE project_id = $1 AND id = $2 RETURNING id`;

/** Deletes a key. Returns false if the project has no such key. */
export async function deleteApiKey(db: Queryable, projectId: string, id: string): Promise<boolean> {
  const { rowCount } = await db.query(DELETE_KEY, [projectId, id]);
  return rowCount === 1;
}
