import type { Queryable } from '../postgres/database.ts';

/** The profile of all operational webhooks. */
export const OPERATIONAL_PROFILE = 'standard-webhooks';

/** The hidden project that has a project's operational endpoints. No call can name it: ids in calls have no `~`. */
export const operationalProjectOf = (projectId: string): string => `${projectId}~operational`;

/** The id of the event that is made of a row of operational_events. */
export const operationalEventId = (id: string): string => id.replace(/^oev_/, 'evt_');

const CREATE = `
  INSERT INTO projects (id, name, profile, operational_of) VALUES ($1, 'operational', '${OPERATIONAL_PROFILE}', $2)
  ON CONFLICT DO NOTHING`;

export async function createOperationalProject(db: Queryable, projectId: string): Promise<void> {
  await db.query(CREATE, [operationalProjectOf(projectId), projectId]);
}
