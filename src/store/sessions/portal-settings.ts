import type { Queryable } from '../postgres/database.ts';

/** What a project sets of the portal; what is left out has its default. */
export type PortalSettings = {
  name?: string | undefined;
  logoUrl?: string | undefined;
  accent?: string | undefined;
  mode?: 'light' | 'dark' | 'auto' | undefined;
  radius?: number | undefined;
  /** Those whose pages may show the portal in a frame. */
  origins?: string[] | undefined;
  returnUrl?: string | undefined;
  refreshUrl?: string | undefined;
  hideBranding?: boolean | undefined;
};

const FIND = `
  SELECT id, coalesce(portal->'origins', '[]') AS origins, portal->>'logoUrl' AS "logoUrl"
  FROM projects WHERE id = ANY ($1::text[]) AND deleted_at IS NULL`;

/** Returns what the portal pages of these projects allow; unknown projects are left out. */
export async function findPortalSettings(
  db: Queryable,
  projectIds: string[],
): Promise<{ id: string; origins: string[]; logoUrl: string | null }[]> {
  return (await db.query<{ id: string; origins: string[]; logoUrl: string | null }>(FIND, [projectIds])).rows;
}
