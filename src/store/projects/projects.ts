import type pg from 'pg';
import type { FailureRules } from '../../policy/failure-rules.ts';
import type { PolicyOverride } from '../../policy/policy-override.ts';
import { inTransaction, type Queryable } from '../postgres/database.ts';
import { type Page, type PageRequest, pageOf } from '../postgres/pages.ts';
import type { PortalSettings } from '../sessions/portal-settings.ts';
import { newestProfile } from './profile-scope.ts';

export type Project = {
  id: string;
  name: string;
  profile: string;
  policy: PolicyOverride | null;
  /** The project's own list of plans that include webhooks; null: the profile's list applies. */
  plans: string[] | null;
  /** The list of plans that applies, the project's or the profile's; null: all plans include webhooks. */
  plansInForce: string[] | null;
  /** Whether the data of events is validated against the schemas of the catalogue. */
  schemas: 'enforced' | 'off';
  /** What replaces the defaults, in seconds; null: nothing. */
  failureRules: Partial<FailureRules> | null;
  /** Seconds after which payloads are removed; null: with the event. */
  payloadRetentionSeconds: number | null;
  /** Null: the defaults. */
  portal: PortalSettings | null;
  /** Increases with every change of the project's own event types. */
  catalogueVersion: number;
  createdAt: Date;
};

// Creates both or neither, because a project without a key cannot be used.
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
  failure_rules AS "failureRules", payload_retention_seconds AS "payloadRetentionSeconds", portal, created_at AS "createdAt"`;

const FIND_PROJECT = `
  SELECT ${COLUMNS},
         (${newestProfile('version', 'projects.id', 'projects.profile')}) AS "profileVersion"
  FROM projects
  WHERE id = $1 AND deleted_at IS NULL`;

/** Returns the project, unless it is being erased; `profileVersion` as in KeyOwner. */
export async function findProject(
  db: Queryable,
  id: string,
): Promise<(Project & { profileVersion: number | null }) | undefined> {
  const { rows } = await db.query<Project & { profileVersion: number | null }>(FIND_PROJECT, [id]);
  return rows[0];
}

const LIST_PROJECTS = `
  SELECT ${COLUMNS} FROM projects
  WHERE ($1::text IS NULL OR id < $1) AND deleted_at IS NULL AND operational_of IS NULL
  ORDER BY id DESC
  LIMIT $2`;

/** Lists the projects, newest first, without those that are being erased. */
export async function listProjects(db: Queryable, page: PageRequest): Promise<Page<Project>> {
  const { rows } = await db.query<Project>(LIST_PROJECTS, [page.after?.[0] ?? null, page.limit + 1]);
  return pageOf(rows, page.limit, ({ id }) => [id]);
}

// Not FOR UPDATE: that would wait for ingest, which inserts consumers whose foreign key locks the project.
const LOCK_PROJECT = `SELECT ${COLUMNS} FROM projects WHERE id = $1 AND deleted_at IS NULL FOR NO KEY UPDATE`;

const UPDATE_PROJECT = `
  UPDATE projects
  SET name = $2, profile = $3, policy = $4, plans = $5, plans_in_force = $6, schemas = $7, failure_rules = $8,
      payload_retention_seconds = $9, portal = $10,
      plans_apply_due_at = CASE WHEN plans_in_force IS DISTINCT FROM $6 THEN clock_timestamp() ELSE plans_apply_due_at END
  WHERE id = $1
  RETURNING ${COLUMNS}, plans_apply_due_at::text AS generation`;

export type ProjectChanges = {
  name?: string | undefined;
  profile?: string | undefined;
  policy?: PolicyOverride | null | undefined;
  plans?: string[] | null | undefined;
  schemas?: Project['schemas'] | undefined;
  failureRules?: Project['failureRules'] | undefined;
  payloadRetentionSeconds?: number | null | undefined;
  portal?: PortalSettings | null | undefined;
};

/**
 * Changes the members that are not undefined. `plansOf` returns the plans of a shipped profile. If the result has a
 * `generation`, the plans have to be applied to the project's endpoints. Undefined if there is no such project.
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
    const { failureRules = found.failureRules } = changes;
    const { payloadRetentionSeconds = found.payloadRetentionSeconds, portal = found.portal } = changes;
    const inForce = plans ?? (await plansOfStored(client, id, profile, plansOf));
    const json = (value: object | null): string | null => value && JSON.stringify(value);
    const settings = [json(policy), plans, inForce, schemas, json(failureRules), payloadRetentionSeconds];
    const values = [id, name, profile, ...settings, json(portal)];
    const { rows } = await client.query<Project & { generation: string | null }>(UPDATE_PROJECT, values);
    const { generation, ...project } = rows[0]!;
    return { project, generation };
  });
}

const PLANS_OF_STORED = newestProfile('plans', '$1', '$2');

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
  SET plans_in_force = declared.plans, plans_apply_due_at = clock_timestamp()
  FROM (SELECT name, string_to_array(plans, ' ') AS plans FROM unnest($1::text[], $2::text[]) AS profile (name, plans)) AS declared
  WHERE p.profile = declared.name AND p.plans IS NULL AND p.plans_in_force IS DISTINCT FROM declared.plans
    AND NOT EXISTS (SELECT FROM profiles stored WHERE stored.scope IN (p.id, '') AND stored.name = p.profile)`;

// The same for stored profiles. Storing a profile does this too, but a project may have chosen the profile at that moment.
const APPLY_STORED_PLANS = `
  UPDATE projects p
  SET plans_in_force = declared.plans, plans_apply_due_at = clock_timestamp()
  FROM (
    SELECT project.id, newest.plans
    FROM projects project CROSS JOIN LATERAL (${newestProfile('plans', 'project.id', 'project.profile')}) newest
    WHERE project.profile <> ALL ($1::text[])
  ) AS declared
  WHERE p.id = declared.id AND p.plans IS NULL AND p.plans_in_force IS DISTINCT FROM declared.plans`;

/**
 * Sets the plans in force of all projects without plans of their own: `plansByProfile` has those of the shipped profiles.
 * Marks the projects that changed, so that their plans are applied to their endpoints.
 */
export async function applyProfilePlans(
  db: Queryable,
  plansByProfile: Map<string, string[] | null>,
): Promise<void> {
  // Postgres has no arrays of arrays with different lengths. The name of a plan has no space.
  const texts = [...plansByProfile.values()].map((plans) => plans?.join(' ') ?? null);
  await db.query(APPLY_SHIPPED_PLANS, [[...plansByProfile.keys()], texts]);
  await db.query(APPLY_STORED_PLANS, [[...plansByProfile.keys()]]);
}
