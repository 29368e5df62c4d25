import type pg from 'pg';
import type { PendingPlanChange } from '../endpoints/apply-plans.ts';
import { inTransaction, type Queryable } from '../postgres/database.ts';
import { withOutageMapping } from '../postgres/map-outages.ts';

/** A version of a profile as it was put: a project's own, or one that is shared with all. */
export type StoredProfile = {
  scope: string;
  name: string;
  version: number;
  /** JSON of the profile. */
  source: string;
  createdAt: Date;
};

/** The scope of the profiles that all projects share; others are named for their project. */
export const SHARED_SCOPE = '';

// An attempt may wait for this: a server that hangs must not hold it for longer than it has.
const FIND_WITHIN_MS = 2_000;

// The scope comes first: a version that a project's own profile never had is not that of the shared one of its name.
const FIND = `
  SELECT scope, name, version, source, created_at AS "createdAt"
  FROM profiles
  WHERE scope = CASE WHEN EXISTS (SELECT FROM profiles WHERE scope = $1 AND name = $2) THEN $1 ELSE '' END
    AND name = $2 AND version = $3`;

/**
 * That version of the project's own profile, where it has one of that name, else of the shared one; null is no project,
 * to which only the shared ones are known.
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
    query_timeout: FIND_WITHIN_MS,
  } as pg.QueryConfig);
  return rows[0];
}

/** What a lookup of profiles asks of the database; an outage is StoreUnavailable. */
export function storedProfiles(pool: pg.Pool) {
  const db = withOutageMapping(pool);
  return {
    find: (projectId: string | null, name: string, version: number) =>
      findProfile(db, projectId, name, version),
  };
}

const NEWEST_VERSION = `
  SELECT coalesce(
    (SELECT max(version) FROM profiles WHERE scope = $1 AND name = $2),
    (SELECT max(version) FROM profiles WHERE scope = '' AND name = $2)
  ) AS version`;

/** The newest of the project's own, else of the shared ones; null when nothing of that name is stored. */
export async function newestProfileVersion(
  db: Queryable,
  projectId: string | null,
  name: string,
): Promise<number | null> {
  const { rows } = await db.query<{ version: number | null }>(NEWEST_VERSION, [
    projectId ?? SHARED_SCOPE,
    name,
  ]);
  return rows[0]!.version;
}

export type ListedProfile = Pick<StoredProfile, 'scope' | 'name' | 'version'> & {
  title: string;
  eventTypes: string[];
};

// From name to name along the primary key: a profile may have a thousand versions, which are kept for ever.
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

/** The newest version of each name that the project can use, its own before shared ones; not those that ship. */
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
  /** The projects whose plans are others now; their endpoints have to follow. */
  | { kind: 'stored'; profile: StoredProfile; planChanges: PendingPlanChange[] }
  /** All projects have a profile of that name, and this one has none of its own. */
  | { kind: 'shared' }
  | { kind: 'too_many_names' | 'too_many_versions' };

// Writers queue here and readers do not: versions are counted on, and names looked at, with none between.
const LOCK = 'LOCK TABLE profiles IN SHARE ROW EXCLUSIVE MODE';

const FIND_NEWEST = `
  SELECT scope, name, version, source, created_at AS "createdAt"
  FROM profiles
  WHERE scope = $1 AND name = $2
  ORDER BY version DESC
  LIMIT 1`;

const READ_NAMES = `
  SELECT EXISTS (SELECT FROM profiles WHERE scope = '' AND name = $2) AS "isShared",
         (SELECT count(DISTINCT name) FROM profiles WHERE scope = $1)::int AS count`;

const INSERT = `
  INSERT INTO profiles (scope, name, version, title, event_types, plans, source)
  VALUES ($1, $2, $3, $4, $5, $6, $7)
  RETURNING scope, name, version, source, created_at AS "createdAt"`;

const PUT_PLANS_IN_FORCE = `
  UPDATE projects p
  SET plans_in_force = $3, plans_apply_due_at = clock_timestamp()
  WHERE p.profile = $2 AND p.plans IS NULL AND p.plans_in_force IS DISTINCT FROM $3::text[]
    AND CASE WHEN $1 = ''
             THEN NOT EXISTS (SELECT FROM profiles own WHERE own.scope = p.id AND own.name = $2)
             ELSE p.id = $1 END
  RETURNING p.id AS "projectId", NULL AS consumer, p.plans_apply_due_at::text AS generation`;

/** Stores the next version of a name, unless the newest is the same already: then that is the answer. */
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
    const due = await client.query<PendingPlanChange>(PUT_PLANS_IN_FORCE, [scope, name, plans]);
    return { kind: 'stored', profile: rows[0]!, planChanges: due.rows };
  });
}
