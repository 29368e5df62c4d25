import type { PolicyOverride } from '../policy/retry-policy.ts';
import type { Queryable } from './database.ts';

export type Project = {
  id: string;
  name: string;
  profile: string;
  policy: PolicyOverride | null;
  createdAt: Date;
};

// A project without a key would be of no use to its owner: both are made, or neither.
const INSERT_PROJECT = `
  WITH new_project AS (
    INSERT INTO projects (id, name, profile) VALUES ($1, $2, $3) RETURNING id
  )
  INSERT INTO api_keys (id, project_id, hash) SELECT $4, id, $5 FROM new_project`;

export async function insertProject(
  db: Queryable,
  project: { id: string; name: string; profile: string },
  key: { id: string; hash: Buffer },
): Promise<void> {
  await db.query(INSERT_PROJECT, [project.id, project.name, project.profile, key.id, key.hash]);
}

const FIND_PROJECT = `
  SELECT id, name, profile, policy, created_at AS "createdAt" FROM projects WHERE id = $1`;

export async function findProject(db: Queryable, id: string): Promise<Project | undefined> {
  const { rows } = await db.query<Project>(FIND_PROJECT, [id]);
  return rows[0];
}

// What is not to change comes as null; the policy may be set to null, so it has a switch of its own.
const UPDATE_PROJECT = `
  UPDATE projects
  SET name = coalesce($2, name),
      profile = coalesce($3, profile),
      policy = CASE WHEN $4::boolean THEN $5::jsonb ELSE policy END
  WHERE id = $1
  RETURNING id, name, profile, policy, created_at AS "createdAt"`;

export type ProjectChanges = { name?: string; profile?: string; policy?: PolicyOverride | null };

export async function updateProject(
  db: Queryable,
  id: string,
  { name, profile, policy }: ProjectChanges,
): Promise<Project | undefined> {
  const { rows } = await db.query<Project>(UPDATE_PROJECT, [
    id,
    name ?? null,
    profile ?? null,
    policy !== undefined,
    policy ? JSON.stringify(policy) : null,
  ]);
  return rows[0];
}
