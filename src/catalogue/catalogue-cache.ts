import { LRUCache } from 'lru-cache';
import type { CompiledProfile } from '../profiles/compile-profile.ts';
import type { Queryable } from '../store/postgres/database.ts';
import { listEventTypes, type ProjectEventType } from '../store/projects/event-types.ts';
import { type Catalogue, createCatalogue } from './catalogue.ts';

/** Limits the texts in projects' catalogues. Compiled schemas have a cache of their own. */
const MAX_CACHED_BYTES = 64 * 1024 * 1024;
/** An estimate of what an entry takes in addition to its texts. */
const ENTRY_BYTES = 512;

type CacheEntry = { version: number; profile: CompiledProfile; catalogue: Catalogue };

export type CatalogueCache = {
  /** The catalogue of a project at a version of its own event types; version 0: it has none of its own. */
  catalogueFor(projectId: string, version: number, profile: CompiledProfile): Promise<Catalogue>;
};

/** Caches catalogues by version, so that posting an event needs no query for them. */
export function createCatalogueCache(db: Queryable): CatalogueCache {
  const byProfile = new WeakMap<CompiledProfile, Catalogue>();
  const byProject = new LRUCache<string, CacheEntry>({ maxSize: MAX_CACHED_BYTES });

  const profileCatalogue = (profile: CompiledProfile): Catalogue => {
    const catalogue = byProfile.get(profile) ?? createCatalogue(profile.eventTypes);
    byProfile.set(profile, catalogue);
    return catalogue;
  };

  return {
    async catalogueFor(projectId, version, profile) {
      if (version === 0) return profileCatalogue(profile);
      const cached = byProject.get(projectId);
      if (cached?.version === version && cached.profile === profile) return cached.catalogue;
      const projectTypes = await listEventTypes(db, projectId);
      const catalogue = createCatalogue(profile.eventTypes, projectTypes);
      const size = projectTypes.reduce((sum, type) => sum + sizeOf(type), ENTRY_BYTES);
      byProject.set(projectId, { version, profile, catalogue }, { size });
      return catalogue;
    },
  };
}

const sizeOf = ({ description, schema, example }: ProjectEventType): number =>
  ENTRY_BYTES + description.length + (schema?.length ?? 0) + (example?.length ?? 0);
