import type pg from 'pg';
import type { PolicyOverride } from '../../policy/retry-policy.ts';
import { inTransaction, type Queryable } from '../postgres/database.ts';

export type Project = {
  id: string;
  name: string;
  profile: string;
  policy: PolicyOverride | null;
  /** Plans whose consumers may use webhooks, where the project says so itself; null: as the profile says. */
  plans: string[] | null;
  /** Those, or the profile's; null: all. */
  plansInForce: string[] | null;
  /** Whether data is checked against the schemas of the catalogue. */
  schemas: 'enforced' | 'off';
  /** One more with every change of the project's own event types. */
  catalogueVersion: number;
  createdAt: Date;
};

// A project without a key would be of no use to its owner: both are made, or neither.
const INSERT_PROJECT = `
  WITH new_project AS (
    INSERT INTO projects (id, name, profile, plans_in_force) VALUES ($1, $2, $3, $4) RETURNING id
  )
  INSERT INTO api_keys (id, project_id, hash) SELECT $5, id, $6 FROM new_project`;

export async function insertProject(
  db: Queryable,
  project: { id: string; name: string; profile: string; plansInForce: string[] | null },
  key: { id: string; hash: Buffer },
): Promise<void> {
  const { id, name, profile, plansInForce } = project;
  await db.query(INSERT_PROJECT, [id, name, profile, plansInForce, key.id, key.hash]);
}

const COLUMNS = `
  id, name, profile, policy, plans, plans_in_force AS "plansInForce", schemas, catalogue_version AS "catalogueVersion",
  created_at AS "createdAt"`;

const FIND_PROJECT = `
  SELECT ${COLUMNS},
         coalesce(
           (SELECT max(version) FROM profiles WHERE scope = projects.id AND name = projects.profile),
           (SELECT max(version) FROM profiles WHERE scope = '' AND name = projects.profile)
         ) AS "profileVersion"
  FROM projects
  WHERE id = $1`;

/** `profileVersion` as in KeyOwner. */
export async function findProject(
  db: Queryable,
  id: string,
): Promise<(Project & { profileVersion: number | null }) | undefined> {
  const { rows } = await db.query<Project & { profileVersion: number | null }>(FIND_PROJECT, [id]);
  return rows[0];
}

// Not FOR UPDATE: ingest makes consumers meanwhile, and their foreign key holds the project.
const LOCK_PROJECT = `SELECT ${COLUMNS} FROM projects WHERE id = $1 FOR NO KEY UPDATE`;

const UPDATE_PROJECT = `
  UPDATE projects
  SET name = $2, profile = $3, policy = $4, plans = $5, plans_in_force = $6, schemas = $7,
      plans_apply_due_at = CASE WHEN plans_in_force IS DISTINCT FROM $6 THEN clock_timestamp() ELSE plans_apply_due_at END
  WHERE id = $1
  RETURNING ${COLUMNS}, plans_apply_due_at::text AS generation`;

export type ProjectChanges = {
  name?: string | undefined;
  profile?: string | undefined;
  policy?: PolicyOverride | null | undefined;
  plans?: string[] | null | undefined;
  schemas?: Project['schemas'] | undefined;
};

/**
 * Changes what is not undefined; `plansOf` says the plans of a profile that ships. With a mark, the project's endpoints have to
 * follow its plans.
 */
export async function updateProject(
  pool: pg.Pool,
  id: string,
  changes: ProjectChanges,
  plansOf: (profile: string) => string[] | null,
): Promise<{ project: Project; generation: string | null } | undefined> {
  return inTransaction(pool, async (client) => {
    const found = (await client.query<Project>(LOCK_PROJECT, [id])).rows[0];
    if (!found) return undefined;
    const { name = found.name, profile = found.profile } = changes;
    const { policy = found.policy, plans = found.plans, schemas = found.schemas } = changes;
    const inForce = plans ?? (await plansOfStored(client, id, profile, plansOf));
    const values = [id, name, profile, policy && JSON.stringify(policy), plans, inForce, schemas];
    const { rows } = await client.query<Project & { generation: string | null }>(UPDATE_PROJECT, values);
    const { generation, ...project } = rows[0]!;
    return { project, generation };
  });
}

const PLANS_OF_STORED = `
  SELECT plans FROM profiles WHERE scope IN ($1, '') AND name = $2 ORDER BY scope = '', version DESC LIMIT 1`;

async function plansOfStored(
  db: Queryable,
  projectId: string,
  profile: string,
  plansOf: (profile: string) => string[] | null,
): Promise<string[] | null> {
  const { rows } = await db.query<{ plans: string[] | null }>(PLANS_OF_STORED, [projectId, profile]);
  return rows[0] ? rows[0].plans : plansOf(profile);
}

const APPLY_SHIPPED_PLANS = `
  UPDATE projects p
  SET plans_in_force = said.plans, plans_apply_due_at = clock_timestamp()
  FROM (SELECT name, string_to_array(plans, ' ') AS plans FROM unnest($1::text[], $2::text[]) AS s (name, plans)) AS said
  WHERE p.profile = said.name AND p.plans IS NULL AND p.plans_in_force IS DISTINCT FROM said.plans
    AND NOT EXISTS (SELECT FROM profiles stored WHERE stored.scope IN (p.id, '') AND stored.name = p.profile)`;

// The same of what is stored, which sets them when it is put: a project may have taken the profile at that moment.
const APPLY_STORED_PLANS = `
  UPDATE projects p
  SET plans_in_force = said.plans, plans_apply_due_at = clock_timestamp()
  FROM (
    SELECT project.id, newest.plans
    FROM projects project CROSS JOIN LATERAL (
      SELECT plans FROM profiles
      WHERE scope IN (project.id, '') AND name = project.profile
      ORDER BY scope = '', version DESC
      LIMIT 1
    ) newest
    WHERE project.profile <> ALL ($1::text[])
  ) AS said
  WHERE p.id = said.id AND p.plans IS NULL AND p.plans_in_force IS DISTINCT FROM said.plans`;

/** Puts the plans of each profile in force in the projects that have it and no plans of their own; marks those. */
export async function applyProfilePlans(db: Queryable, said: Map<string, string[] | null>): Promise<void> {
  // Postgres has no arrays of arrays of different lengths, and a plan has no space in it.
  const texts = [...said.values()].map((plans) => plans?.join(' ') ?? null);
  await db.query(APPLY_SHIPPED_PLANS, [[...said.keys()], texts]);
  await db.query(APPLY_STORED_PLANS, [[...said.keys()]]);
}
