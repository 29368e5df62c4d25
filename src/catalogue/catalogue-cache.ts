import { LRUCache } from 'lru-cache';
import type { CompiledProfile } from '../profiles/compile-profile.ts';
import type { Queryable } from '../store/postgres/database.ts';
import { listEventTypes, type ProjectEventType } from '../store/projects/event-types.ts';
import { type Catalogue, createCatalogue } from './catalogue.ts';

/** Of the texts in own catalogues; what their schemas compile to is remembered apart. */
const REMEMBERED_BYTES = 64 * 1024 * 1024;
/** What an entry takes besides its texts. */
const ENTRY_BYTES = 512;

type Remembered = { version: number; profile: CompiledProfile; catalogue: Catalogue };

export type CatalogueCache = {
  /** The catalogue of a project at a version of its own types; 0: it has none. */
  catalogueFor(projectId: string, version: number, profile: CompiledProfile): Promise<Catalogue>;
};

/** Remembers catalogues by their versions, so that the way of an event asks for none. */
export function createCatalogueCache(db: Queryable): CatalogueCache {
  const ofProfiles = new WeakMap<CompiledProfile, Catalogue>();
  const ofProjects = new LRUCache<string, Remembered>({ maxSize: REMEMBERED_BYTES });

  const ofProfile = (profile: CompiledProfile): Catalogue => {
    const known = ofProfiles.get(profile) ?? createCatalogue(profile.eventTypes);
    ofProfiles.set(profile, known);
    return known;
  };

  return {
    async catalogueFor(projectId, version, profile) {
      if (version === 0) return ofProfile(profile);
      const known = ofProjects.get(projectId);
      if (known?.version === version && known.profile === profile) return known.catalogue;
      const own = await listEventTypes(db, projectId);
      const catalogue = createCatalogue(profile.eventTypes, own);
      const size = own.reduce((sum, type) => sum + sizeOf(type), ENTRY_BYTES);
      ofProjects.set(projectId, { version, profile, catalogue }, { size });
      return catalogue;
    },
  };
}

const sizeOf = ({ description, schema, example }: ProjectEventType): number =>
  ENTRY_BYTES + description.length + (schema?.length ?? 0) + (example?.length ?? 0);
