import { type CompiledProfile, compileProfile } from '../compile-profile.ts';
import type { Profile, ProfileSource } from '../profile.ts';
import { profileSchema } from '../profile-schema.ts';
import { canvelete } from './canvelete.ts';
import { cmdcal } from './cmdcal.ts';
import { pausepoint } from './pausepoint.ts';
import { pdfGorilla } from './pdf-gorilla.ts';
import { smartlyq } from './smartlyq.ts';
import { standardWebhooks } from './standard-webhooks.ts';

/**
 * Every version that was ever released, oldest first: an event is retried under the version that it was accepted
 * under, so a changed profile is one more entry here and the old one stays.
 */
const VERSIONS: ProfileSource[][] = [
  [standardWebhooks],
  [cmdcal],
  [canvelete],
  [pdfGorilla],
  [pausepoint],
  [smartlyq],
];

/** The profiles that ship with Posthorn. */
export type BuiltInProfiles = {
  /** The newest version, or the one asked for; undefined when there is none. */
  get(name: string, version?: number): CompiledProfile | undefined;
  /** The same as data. */
  source(name: string, version?: number): Profile | undefined;
  names(): string[];
};

/** Reads and compiles the profiles that ship with Posthorn; throws a ZodError when one of them is not valid. */
export function createBuiltInProfiles(): BuiltInProfiles {
  const read = VERSIONS.map((sources) =>
    sources.map((source, index) => {
      const profile = profileSchema.parse(source);
      return { source: profile, compiled: compileProfile(profile, index + 1) };
    }),
  );
  const byName = new Map(read.map((versions) => [versions[0]?.source.name ?? '', versions]));
  const find = (name: string, version?: number) => {
    const versions = byName.get(name);
    return version === undefined ? versions?.at(-1) : versions?.[version - 1];
  };

  return {
    get: (name, version) => find(name, version)?.compiled,
    source: (name, version) => find(name, version)?.source,
    names: () => [...byName.keys()],
  };
}
