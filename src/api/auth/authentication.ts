import { hash, timingSafeEqual } from 'node:crypto';
import type { Request } from 'express';
import { LRUCache } from 'lru-cache';
import type { Catalogue } from '../../catalogue/catalogue.ts';
import { createCatalogueCache } from '../../catalogue/catalogue-cache.ts';
import { serializePolicy } from '../../policy/retry-policy.ts';
import type { CompiledProfile } from '../../profiles/compile-profile.ts';
import type { ProfileLookup } from '../../profiles/profile-lookup.ts';
import { createKeyWithMac, hasValidMac, type KeyKind } from '../../secrets/api-key-mac.ts';
import type { SecretBox } from '../../secrets/secret-box.ts';
import type { Queryable } from '../../store/postgres/database.ts';
import type { KeyOwner } from '../../store/projects/api-keys.ts';
import { findProject } from '../../store/projects/projects.ts';
import type { ApiConfig } from '../dependencies.ts';
import { Problem } from '../problems/problem.ts';
import { unauthorized } from '../problems/unauthorized.ts';
import { effectivePolicy } from './effective-policy.ts';
import { createKeyLookup, type KeyLookup } from './key-lookup.ts';
import { createKeyWatch } from './key-watch.ts';
import { createLoadingCache } from './loading-cache.ts';
import { createWrongKeyLimit } from './wrong-key-limit.ts';

/** The project or consumer whose data a call may reach, with its current settings. */
export type Tenant = {
  projectId: string;
  /** The consumer whose data the call may reach; null: all of the project. */
  consumer: string | null;
  /** When the consumer was created. Older data belongs to a deleted consumer with the same id. */
  since: Date | null;
  /** The hash of the API key; null: the admin key. */
  keyHash: Buffer | null;
  profile: CompiledProfile;
  /** The canonical text of the retry policy in force. */
  policy: string;
  /** Plans whose consumers may use webhooks; null: all. */
  plans: string[] | null;
  catalogue: Catalogue;
  /** Whether event data must match the schemas of the catalogue. */
  enforcesSchemas: boolean;
};

export type AuthenticatedCaller =
  | { kind: 'admin'; tenant: Tenant | null }
  | { kind: 'project' | 'consumer'; tenant: Tenant };

export type Authentication = {
  /** Throws `unauthorized`, or `too_many_attempts` for an address that sent too many wrong keys. */
  authenticate(request: Request): Promise<AuthenticatedCaller>;
  /** A new API key (`ph_…` for a project, `phc_…` for a consumer) and its hash, which is stored. */
  newKey(kind: KeyKind): { key: string; hash: Buffer };
  /** A hash that identifies the request's key without revealing it. Throws `unauthorized` when there is no key. */
  keyFingerprint(request: Request): string;
  /** Calls `onDeleted` within one second after the request's key is deleted; returns a function that stops watching. */
  watchKey(request: Request, onDeleted: () => void): () => void;
  /** Makes a change of a project's keys or settings take effect at once in this process; null: of all projects. */
  invalidate(projectId: string | null): void;
};

/** A deleted key must stop working within 1 s in every process; the cache may use half of that. */
const CACHE_TTL_MS = 500;
/** Keys without a valid MAC that have worked in this process; they are not limited like unknown keys. */
const MAX_KNOWN_KEYS = 50_000;
/** A deleted key never becomes valid again, so repeated calls with it need no query. */
const MAX_DELETED_KEYS = 10_000;
const DELETED_KEY_TTL_MS = 60_000;

/** The hash as text, which names the key in caches. A hash that Node returns as a Buffer costs three times as much. */
const sha256Base64 = (text: string): string => hash('sha256', text, 'base64');
const sha256 = (text: string): Buffer => Buffer.from(sha256Base64(text), 'base64');

export function createAuthentication(
  db: Queryable,
  profiles: ProfileLookup,
  macsOf: SecretBox['macsOf'],
  { adminKey, maxWrongKeysPerMinute }: Pick<ApiConfig, 'adminKey' | 'maxWrongKeysPerMinute'>,
): Authentication {
  const adminHash = sha256(adminKey);
  const byKey = createLoadingCache<Tenant>(CACHE_TTL_MS);
  const byProject = createLoadingCache<Tenant>(CACHE_TTL_MS);
  const knownKeys = new LRUCache<string, true>({ max: MAX_KNOWN_KEYS });
  const deletedKeys = new LRUCache<string, true>({ max: MAX_DELETED_KEYS, ttl: DELETED_KEY_TTL_MS });
  const pendingUnverified = new Map<string, Promise<Tenant>>();
  const wrongKeys = createWrongKeyLimit(maxWrongKeysPerMinute ?? 60);
  const keyWatch = createKeyWatch(db);
  const catalogues = createCatalogueCache(db);
  // Separate, because keys that anyone can invent must not delay valid ones.
  const verifiedKeyLookup = createKeyLookup(db);
  const unverifiedKeyLookup = createKeyLookup(db);

  const tenantOf = async (owner: Omit<KeyOwner, 'hash'>, keyHash: Buffer | null): Promise<Tenant> => {
    const profile = await profiles.find(owner.projectId, owner.profile, owner.profileVersion);
    if (!profile)
      throw new Error(`the profile ${owner.profile} of project ${owner.projectId} does not exist`);
    const policy = serializePolicy(effectivePolicy(profile.policy, owner.policy));
    const { projectId, consumer, plansInForce: plans } = owner;
    return {
      projectId,
      consumer,
      since: owner.since ?? null,
      keyHash,
      profile,
      policy,
      plans,
      catalogue: await catalogues.catalogueFor(projectId, owner.catalogueVersion, profile),
      enforcesSchemas: owner.schemas === 'enforced',
    };
  };

  const tenantOfKey = (name: string, keyHash: Buffer, lookUp: KeyLookup): Promise<Tenant | undefined> =>
    byKey.getOrLoad(name, async () => {
      const owner = await lookUp(keyHash);
      const tenant = owner && (await tenantOf(owner, keyHash));
      if (tenant) knownKeys.set(name, true);
      else knownKeys.delete(name);
      return tenant;
    });

  /** For keys with a valid MAC or that have worked here. They work even when their address has sent too many wrong keys. */
  const tenantOfVerifiedKey = async (request: Request, name: string, keyHash: Buffer): Promise<Tenant> => {
    const tenant = deletedKeys.has(name) ? undefined : await tenantOfKey(name, keyHash, verifiedKeyLookup);
    if (tenant) return tenant;
    deletedKeys.set(name, true);
    wrongKeys.count(request);
    throw wrongKey();
  };

  /** For keys that anyone could have invented. A key counts as wrong before the query; concurrent calls with it count once. */
  const tenantOfUnverifiedKey = (request: Request, name: string, keyHash: Buffer): Promise<Tenant> => {
    const pending = pendingUnverified.get(name);
    if (pending) return pending;
    const undoCount = wrongKeys.count(request);
    const lookup = tenantOfKey(name, keyHash, unverifiedKeyLookup)
      .then((tenant) => {
        if (!tenant) throw wrongKey();
        undoCount();
        return tenant;
      })
      .finally(() => pendingUnverified.delete(name));
    pendingUnverified.set(name, lookup);
    return lookup;
  };

  const tenantOfProject = async (projectId: string): Promise<Tenant> => {
    const tenant = await byProject.getOrLoad(projectId, async () => {
      const project = await findProject(db, projectId);
      return project && tenantOf({ ...project, projectId: project.id, consumer: null }, null);
    });
    if (tenant) return tenant;
    throw unknownProject();
  };

  const adminCaller = async (projectId: string | undefined): Promise<AuthenticatedCaller> => ({
    kind: 'admin',
    tenant: projectId === undefined ? null : await tenantOfProject(checkedProjectId(projectId)),
  });

  return {
    async authenticate(request) {
      const key = bearerKeyOf(request);
      const name = sha256Base64(key);
      const keyHash = Buffer.from(name, 'base64');
      const projectHeader = request.get('posthorn-project');
      if (timingSafeEqual(keyHash, adminHash)) return adminCaller(projectHeader);
      const isVerified = knownKeys.has(name) || hasValidMac(key, macsOf);
      const tenant = await (isVerified ? tenantOfVerifiedKey : tenantOfUnverifiedKey)(request, name, keyHash);
      if (projectHeader !== undefined && projectHeader !== tenant.projectId) {
        throw new Problem(
          'forbidden',
          'The key belongs to another project than the one in the header Posthorn-Project.',
        );
      }
      return { kind: tenant.consumer === null ? 'project' : 'consumer', tenant };
    },

    keyFingerprint: (request) => sha256Base64(bearerKeyOf(request)),

    watchKey(request, onDeleted) {
      const keyHash = sha256(bearerKeyOf(request));
      return timingSafeEqual(keyHash, adminHash) ? () => {} : keyWatch.watch(keyHash, onDeleted);
    },

    newKey: (kind) => {
      const key = createKeyWithMac(kind, macsOf);
      return { key, hash: sha256(key) };
    },

    invalidate(projectId) {
      const isAffected = (tenant: Tenant): boolean => projectId === null || tenant.projectId === projectId;
      byKey.deleteWhere(isAffected);
      byProject.deleteWhere(isAffected);
    },
  };
}

const wrongKey = (): Problem => unauthorized('The key is wrong or has been deleted.');
const unknownProject = (): Problem =>
  new Problem('not_found', 'The project in the header Posthorn-Project does not exist.');

function bearerKeyOf(request: Request): string {
  const header = request.headers.authorization;
  if (header === undefined) throw unauthorized('The header Authorization is missing.');
  const key = /^Bearer +([\x21-\x7e]{1,256})$/i.exec(header)?.[1];
  if (key === undefined) throw unauthorized('The header Authorization must be "Bearer <key>".');
  return key;
}

function checkedProjectId(text: string): string {
  if (!/^[\w-]{1,64}$/.test(text)) throw unknownProject();
  return text;
}
