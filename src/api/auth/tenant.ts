import type { Catalogue } from '../../catalogue/catalogue.ts';
import { createCatalogueCache } from '../../catalogue/catalogue-cache.ts';
import type { Capability } from '../../policy/capabilities.ts';
import { effectivePolicy, type PolicyOverride } from '../../policy/policy-override.ts';
import { serializePolicy } from '../../policy/retry-policy.ts';
import type { CompiledProfile } from '../../profiles/compile-profile.ts';
import type { ProfileLookup } from '../../profiles/profile-lookup.ts';
import type { Queryable } from '../../store/postgres/database.ts';
import type { KeyAccess, ProjectInForce } from '../../store/projects/api-keys.ts';

/** The project or consumer whose data a call may reach, with its current settings. */
export type Tenant = {
  projectId: string;
  /** The consumer whose data the call may reach; null: all of the project. */
  consumer: string | null;
  /** When the consumer was created. Older data belongs to a deleted consumer with the same id. */
  since: Date | null;
  /** The hash of the API key, of the key that the session came from, or of the session of the portal; null: the admin key. */
  keyHash: Buffer | null;
  /** The id of that key; null: the admin key, or a session of the portal. */
  keyId: string | null;
  access: KeyAccess;
  /** The id of the session of the portal; null: a key, or the session of an operator. */
  portalSessionId: string | null;
  /** What a session of the portal may do; null: what a key may. */
  capabilities: ReadonlySet<Capability> | null;
  profile: CompiledProfile;
  /** The canonical text of the retry policy in force. */
  policy: string;
  /** What the project sets of it. */
  policyOverride: PolicyOverride | null;
  /** Plans whose consumers may use webhooks; null: all. */
  plans: string[] | null;
  catalogue: Catalogue;
  /** Whether event data must match the schemas of the catalogue. */
  enforcesSchemas: boolean;
};

export type TenantLoader = (
  owner: ProjectInForce,
  key: Pick<Tenant, 'keyHash' | 'keyId' | 'access' | 'portalSessionId' | 'capabilities'>,
) => Promise<Tenant>;

/** The admin key with a project, or a session of it. */
export const ADMIN_KEY = {
  keyHash: null,
  keyId: null,
  access: 'full',
  portalSessionId: null,
  capabilities: null,
} as const;

/** Whether the caller may do what only some sessions of the portal may. */
export const may = ({ capabilities }: Pick<Tenant, 'capabilities'>, capability: Capability): boolean =>
  capabilities === null || capabilities.has(capability);

/** Returns a function that completes what Postgres has about a project with its compiled profile and catalogue. */
export function createTenantLoader(db: Queryable, profiles: ProfileLookup): TenantLoader {
  const catalogues = createCatalogueCache(db);
  return async (owner, key) => {
    const profile = await profiles.find(owner.projectId, owner.profile, owner.profileVersion);
    if (!profile)
      throw new Error(`the profile ${owner.profile} of project ${owner.projectId} does not exist`);
    const policy = serializePolicy(
      effectivePolicy(profile.policy, { endpoint: null, project: owner.policy }),
    );
    const { projectId, consumer, plansInForce: plans } = owner;
    return {
      projectId,
      consumer,
      since: owner.since ?? null,
      ...key,
      profile,
      policy,
      policyOverride: owner.policy,
      plans,
      catalogue: await catalogues.catalogueFor(projectId, owner.catalogueVersion, profile),
      enforcesSchemas: owner.schemas === 'enforced',
    };
  };
}
