import type { Queryable } from '../../store/postgres/database.ts';
import { findPortalSettings } from '../../store/sessions/portal-settings.ts';
import { createLoadingCache } from '../auth/loading-cache.ts';
import type { PortalPage } from './page-routes.ts';

const CACHE_TTL_MS = 5_000;
const MAX_BATCH = 200;
const NOTHING: PortalPage = { frameAncestors: [], imageOrigins: [] };

/**
 * Returns a function that tells who may show the portal of a project in a frame, and where its logo is. It never throws:
 * without Postgres, nobody may. Anyone can ask for any project, so one query at a time finds all that are asked for.
 */
export function createPortalPages(db: Queryable): (projectId: string) => Promise<PortalPage> {
  const cache = createLoadingCache<PortalPage>(CACHE_TTL_MS);
  let waiting: { projectId: string; resolve: (page: PortalPage) => void }[] = [];
  let isDraining = false;

  async function drain(): Promise<void> {
    isDraining = true;
    while (waiting.length > 0) {
      const batch = waiting.slice(0, MAX_BATCH);
      waiting = waiting.slice(MAX_BATCH);
      const ids = batch.map(({ projectId }) => projectId);
      const found = await findPortalSettings(db, ids).catch(() => []);
      const byId = new Map(found.map(({ id, origins, logoUrl }) => [id, pageOf(origins, logoUrl)]));
      for (const { projectId, resolve } of batch) resolve(byId.get(projectId) ?? NOTHING);
    }
    isDraining = false;
  }

  const load = (projectId: string): Promise<PortalPage> =>
    new Promise((resolve) => {
      waiting.push({ projectId, resolve });
      if (!isDraining) void drain();
    });

  return async (projectId) => {
    if (!/^[\w-]{1,64}$/.test(projectId)) return NOTHING;
    return (await cache.getOrLoad(projectId, () => load(projectId))) ?? NOTHING;
  };
}

const pageOf = (origins: string[], logoUrl: string | null): PortalPage => ({
  frameAncestors: origins,
  imageOrigins: logoUrl === null ? [] : [new URL(logoUrl).origin],
});
