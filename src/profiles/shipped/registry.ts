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
 * Every released version of each profile, oldest first. An event is retried under the version it was accepted under, so a
 * changed profile is added as a new entry and the old one stays.
 */
const VERSIONS: ProfileSource[][] = [
  [standardWebhooks],
  [cmdcal],
  [canvelete],
  [pdfGorilla],
  [pausepoint],
  [smartlyq],
];

/** The profiles that are part of Posthorn. */
export type ShippedProfiles = {
  /** The given version, by default the newest; undefined if there is none. */
  get(name: string, version?: number): CompiledProfile | undefined;
  /** The same profile, not compiled. */
  source(name: string, version?: number): Profile | undefined;
  names(): string[];
};

/** Parses and compiles the shipped profiles. Throws a ZodError if one of them is invalid. */
export function createShippedProfiles(): ShippedProfiles {
  const parsed = VERSIONS.map((sources) =>
    sources.map((source, index) => {
      const profile = profileSchema.parse(source);
      return { source: profile, compiled: compileProfile(profile, index + 1) };
    }),
  );
  const byName = new Map(parsed.map((versions) => [versions[0]?.source.name ?? '', versions]));
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
