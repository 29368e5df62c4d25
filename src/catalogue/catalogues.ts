import { LRUCache } from 'lru-cache';
import type { ComposableProfile } from '../profiles/compile-profile.ts';
import type { Queryable } from '../store/postgres/database.ts';
import { listEventTypes, type OwnEventType } from '../store/projects/event-types.ts';
import { type Catalogue, createCatalogue } from './catalogue.ts';

/** Of the texts in own catalogues; what their schemas compile to is remembered apart. */
const REMEMBERED_BYTES = 64 * 1024 * 1024;
/** What an entry takes besides its texts. */
const ENTRY_BYTES = 512;

type Remembered = { version: number; profile: ComposableProfile; catalogue: Catalogue };

export type Catalogues = {
  /** The catalogue of a project at a version of its own types; 0: it has none. */
  of(projectId: string, version: number, profile: ComposableProfile): Promise<Catalogue>;
};

/** Remembers catalogues by their versions, so that the way of an event asks for none. */
export function createCatalogues(db: Queryable): Catalogues {
  const ofProfiles = new WeakMap<ComposableProfile, Catalogue>();
  const ofProjects = new LRUCache<string, Remembered>({ maxSize: REMEMBERED_BYTES });

  const ofProfile = (profile: ComposableProfile): Catalogue => {
    const known = ofProfiles.get(profile) ?? createCatalogue(profile.eventTypes);
    ofProfiles.set(profile, known);
    return known;
  };

  return {
    async of(projectId, version, profile) {
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

const sizeOf = ({ description, schema, example }: OwnEventType): number =>
  ENTRY_BYTES + description.length + (schema?.length ?? 0) + (example?.length ?? 0);
