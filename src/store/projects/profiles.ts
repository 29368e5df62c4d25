import type pg from 'pg';
import type { PendingPlanChange } from '../endpoints/apply-plans.ts';
import { inTransaction, type Queryable } from '../postgres/database.ts';
import { withOutageMapping } from '../postgres/map-outages.ts';
import { newestProfile, profileVersions, SHARED_SCOPE, usesProfile } from './profile-scope.ts';

export { SHARED_SCOPE } from './profile-scope.ts';

/** A stored version of a profile. */
export type StoredProfile = {
  /** The id of the project that owns it, or SHARED_SCOPE. */
  scope: string;
  name: string;
  version: number;
  /** JSON of the profile. */
  source: string;
  createdAt: Date;
};

// An attempt may wait for this lookup. A server that hangs must not use up the attempt's time.
const FIND_TIMEOUT_MS = 2_000;

const COLUMNS = `scope, name, version, source, created_at AS "createdAt"`;

const FIND = `${profileVersions(COLUMNS, '$1', '$2')} AND version = $3`;

/**
 * Returns a version of the project's own profile of that name, or of the shared one if the project has none of its own.
 * With `projectId` null, only shared profiles are found.
 */
export async function findProfile(
  db: Queryable,
  projectId: string | null,
  name: string,
  version: number,
): Promise<StoredProfile | undefined> {
  const { rows } = await db.query<StoredProfile>({
    text: FIND,
    values: [projectId ?? SHARED_SCOPE, name, version],
    query_timeout: FIND_TIMEOUT_MS,
  } as pg.QueryConfig);
  return rows[0];
}

/** The database lookup behind the profile cache. Throws StoreUnavailable during an outage. */
export function storedProfiles(pool: pg.Pool) {
  const db = withOutageMapping(pool);
  return {
    find: (projectId: string | null, name: string, version: number) =>
      findProfile(db, projectId, name, version),
  };
}

const NEWEST_VERSION = newestProfile('version', '$1', '$2');

/** Returns the newest version of the profile that the project finds under that name; null if none is stored. */
export async function newestProfileVersion(
  db: Queryable,
  projectId: string | null,
  name: string,
): Promise<number | null> {
  const { rows } = await db.query<{ version: number }>(NEWEST_VERSION, [projectId ?? SHARED_SCOPE, name]);
  return rows[0]?.version ?? null;
}

export type ListedProfile = Pick<StoredProfile, 'scope' | 'name' | 'version'> & {
  title: string;
  eventTypes: string[];
};

// Jumps from name to name along the primary key, because a profile may have a thousand versions, none of which is removed.
const LIST = `
  WITH RECURSIVE named AS (
    SELECT scope.name AS scope, (SELECT min(name) FROM profiles WHERE profiles.scope = scope.name) AS name
    FROM unnest(ARRAY[$1, '']) AS scope (name)
    UNION
    SELECT scope, (SELECT min(name) FROM profiles WHERE profiles.scope = named.scope AND name > named.name)
    FROM named WHERE named.name IS NOT NULL
  )
  SELECT DISTINCT ON (newest.name) newest.*
  FROM named CROSS JOIN LATERAL (
    SELECT scope, name, version, title, event_types AS "eventTypes"
    FROM profiles WHERE scope = named.scope AND name = named.name
    ORDER BY version DESC
    LIMIT 1
  ) AS newest
  ORDER BY newest.name, newest.scope = ''`;

/** Returns the newest version under each name that the project finds. Shipped profiles are not included. */
export async function listProfiles(db: Queryable, projectId: string | null): Promise<ListedProfile[]> {
  const { rows } = await db.query<ListedProfile>(LIST, [projectId ?? SHARED_SCOPE]);
  return rows;
}

export type NewProfile = {
  scope: string;
  name: string;
  title: string;
  eventTypes: string[];
  plans: string[] | null;
  source: string;
};

export type PutProfileResult =
  /** `planChanges` are the projects whose plans changed. Their plans have to be applied to their endpoints. */
  | { kind: 'stored'; profile: StoredProfile; planChanges: PendingPlanChange[] }
  /** The name belongs to a shared profile, and the project has no profile of its own under it. */
  | { kind: 'shared' }
  | { kind: 'too_many_names' | 'too_many_versions' };

// Serializes writers, not readers. Without it, two writers could take the same version or exceed the number of names.
const LOCK = 'LOCK TABLE profiles IN SHARE ROW EXCLUSIVE MODE';

const FIND_NEWEST = `
  SELECT ${COLUMNS} FROM profiles
  WHERE scope = $1 AND name = $2
  ORDER BY version DESC
  LIMIT 1`;

const READ_NAMES = `
  SELECT EXISTS (SELECT FROM profiles WHERE scope = '' AND name = $2) AS "isShared",
         (SELECT count(DISTINCT name) FROM profiles WHERE scope = $1)::int AS count`;

const INSERT = `
  INSERT INTO profiles (scope, name, version, title, event_types, plans, source)
  VALUES ($1, $2, $3, $4, $5, $6, $7)
  RETURNING ${COLUMNS}`;

const SET_PLANS_IN_FORCE = `
  UPDATE projects p
  SET plans_in_force = $3, plans_apply_due_at = clock_timestamp()
  WHERE ${usesProfile('p', '$1', '$2')}
    AND p.plans IS NULL AND p.plans_in_force IS DISTINCT FROM $3::text[]
  RETURNING p.id AS "projectId", NULL AS consumer, p.plans_apply_due_at::text AS generation`;

/** Stores the next version of a profile. If the newest version has the same source, returns that one instead. */
export function putProfile(
  pool: pg.Pool,
  { scope, name, title, eventTypes, plans, source }: NewProfile,
  limits: { names: number; versions: number },
): Promise<PutProfileResult> {
  return inTransaction(pool, async (client) => {
    await client.query(LOCK);
    const newest = (await client.query<StoredProfile>(FIND_NEWEST, [scope, name])).rows[0];
    if (newest?.source === source) return { kind: 'stored', profile: newest, planChanges: [] };
    if (!newest) {
      const { rows } = await client.query<{ isShared: boolean; count: number }>(READ_NAMES, [scope, name]);
      if (scope !== SHARED_SCOPE && rows[0]!.isShared) return { kind: 'shared' };
      if (rows[0]!.count >= limits.names) return { kind: 'too_many_names' };
    }
    const version = (newest?.version ?? 0) + 1;
    if (version > limits.versions) return { kind: 'too_many_versions' };
    const values = [scope, name, version, title, eventTypes, plans, source];
    const { rows } = await client.query<StoredProfile>(INSERT, values);
    const due = await client.query<PendingPlanChange>(SET_PLANS_IN_FORCE, [scope, name, plans]);
    return { kind: 'stored', profile: rows[0]!, planChanges: due.rows };
  });
}
