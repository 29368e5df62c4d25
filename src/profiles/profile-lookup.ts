import { LRUCache } from 'lru-cache';
import { type CompiledProfile, compileProfile } from './compile-profile.ts';
import type { Profile } from './profile.ts';
import type { ShippedProfiles } from './shipped/registry.ts';

/** A profile that was stored through the API. `source` is the JSON text of a Profile. */
export type StoredProfile = { name: string; version: number; source: string };

/** The store of profiles. */
export type StoredProfiles = {
  /**
   * The project's own profile of that name and version, otherwise the shared one. With `projectId` null, only shared
   * profiles are found.
   */
  find(projectId: string | null, name: string, version: number): Promise<StoredProfile | undefined>;
};

export type ProfileLookup = {
  shipped: ShippedProfiles;
  /**
   * The profile that an event of the project was accepted under: the project's own, otherwise a shared one, otherwise a
   * shipped one; undefined if there is none. `version` null means the newest shipped version, for names that are not
   * stored. Rejects if the store does not respond.
   */
  find(projectId: string | null, name: string, version: number | null): Promise<CompiledProfile | undefined>;
};

/**
 * The limit of the cache, in characters of profile sources: enough for about 1,000 projects that are sending. A compiled
 * profile takes up to 30 times the memory of its source. An entry for a shipped profile only costs the overhead.
 */
const MAX_CACHED_CHARACTERS = 4 * 1024 * 1024;
const ENTRY_OVERHEAD_CHARACTERS = 256;

/**
 * Caches compiled profiles. A cached version cannot become wrong: a version never changes, and a project cannot store a
 * profile under a name that is shared or shipped.
 */
export function createProfileLookup(shipped: ShippedProfiles, stored: StoredProfiles): ProfileLookup {
  const cache = new LRUCache<string, CompiledProfile>({ maxSize: MAX_CACHED_CHARACTERS });
  const loading = new Map<string, Promise<CompiledProfile | undefined>>();

  const load = async (
    key: string,
    projectId: string | null,
    name: string,
    version: number,
  ): Promise<CompiledProfile | undefined> => {
    const found = await stored.find(projectId, name, version);
    const profile = found ? compileStored(found) : shipped.get(name, version);
    if (profile) cache.set(key, profile, { size: ENTRY_OVERHEAD_CHARACTERS + (found?.source.length ?? 0) });
    return profile;
  };

  return {
    shipped,
    async find(projectId, name, version) {
      if (version === null) return shipped.get(name);
      const key = `${projectId ?? ''}/${name}/${version}`;
      const profile = cache.get(key);
      if (profile) return profile;
      const pending =
        loading.get(key) ?? load(key, projectId, name, version).finally(() => loading.delete(key));
      loading.set(key, pending);
      return pending;
    },
  };
}

/** Does not validate again: a rule that was added later must not stop events that were accepted before. */
const compileStored = ({ source, version }: StoredProfile): CompiledProfile =>
  compileProfile(JSON.parse(source) as Profile, version);
