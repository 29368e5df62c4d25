import { LRUCache } from 'lru-cache';
import { type CompiledProfile, compileProfile } from './compile-profile.ts';
import type { Profile } from './profile.ts';
import type { BuiltInProfiles } from './shipped/registry.ts';

/** A profile that was put through the API. `source` is the JSON of a Profile. */
export type StoredProfile = { name: string; version: number; source: string };

/** Where such profiles are kept. */
export type StoredProfiles = {
  /**
   * The project's own profile of that name and version, else the one that is shared with all; null is no project, to
   * which only the shared ones are known.
   */
  find(projectId: string | null, name: string, version: number): Promise<StoredProfile | undefined>;
};

export type ProfileLookup = {
  builtIn: BuiltInProfiles;
  /**
   * The profile that an event of the project was accepted under: its own, else a shared one, else one that ships
   * with Posthorn; undefined when there is none. `version` null is the newest that ships, for names under which
   * nothing is stored. Rejects when the store does not answer.
   */
  find(projectId: string | null, name: string, version: number | null): Promise<CompiledProfile | undefined>;
};

/**
 * Characters of the sources of what is kept compiled, which takes up to thirty times that: the profiles of about a
 * thousand projects that send now. One that ships is there anyway, and costs what it takes to know so.
 */
const KEPT_CHARACTERS = 4 * 1024 * 1024;
const ENTRY_CHARACTERS = 256;

/**
 * Asks the store once for each version while it is in use: a version never changes, and a later one of a nearer
 * scope cannot take its place, because a name that is shared or ships is not free.
 */
export function createProfileLookup(builtIn: BuiltInProfiles, stored: StoredProfiles): ProfileLookup {
  const known = new LRUCache<string, CompiledProfile>({ maxSize: KEPT_CHARACTERS });
  const loading = new Map<string, Promise<CompiledProfile | undefined>>();

  const load = async (
    key: string,
    projectId: string | null,
    name: string,
    version: number,
  ): Promise<CompiledProfile | undefined> => {
    const found = await stored.find(projectId, name, version);
    const profile = found ? compileStored(found) : builtIn.get(name, version);
    if (profile) known.set(key, profile, { size: ENTRY_CHARACTERS + (found?.source.length ?? 0) });
    return profile;
  };

  return {
    builtIn,
    async find(projectId, name, version) {
      if (version === null) return builtIn.get(name);
      const key = `${projectId ?? ''}/${name}/${version}`;
      const profile = known.get(key);
      if (profile) return profile;
      const underWay =
        loading.get(key) ?? load(key, projectId, name, version).finally(() => loading.delete(key));
      loading.set(key, underWay);
      return underWay;
    },
  };
}

/** Not held against the schema again: a rule that was added since must not stop what was accepted before. */
const compileStored = ({ source, version }: StoredProfile): CompiledProfile =>
  compileProfile(JSON.parse(source) as Profile, version);
