import { timingSafeEqual } from 'node:crypto';
import type { Request } from 'express';
import { LRUCache } from 'lru-cache';
import type { ProfileLookup } from '../../profiles/profile-lookup.ts';
import { createKeyWithMac, hasValidMac, type KeyKind } from '../../secrets/api-key-mac.ts';
import type { SecretBox } from '../../secrets/secret-box.ts';
import type { Queryable } from '../../store/postgres/database.ts';
import {
  existingKeys,
  findKeyOwners,
  type KeyAccess,
  type KeyOwner,
  recordKeyUse,
} from '../../store/projects/api-keys.ts';
import { findProject } from '../../store/projects/projects.ts';
import type { StoredSession } from '../../store/sessions/sessions.ts';
import type { ApiConfig } from '../dependencies.ts';
import { Problem } from '../problems/problem.ts';
import { unauthorized } from '../problems/unauthorized.ts';
import { createBatchedLookup } from './batched-lookup.ts';
import { type Credential, credentialOf, hashOf, sha256, sha256Base64 } from './credential.ts';
import { createCredentialWatch } from './credential-watch.ts';
import { createLoadingCache } from './loading-cache.ts';
import { createSessionCookie, type SessionCookie } from './session-cookie.ts';
import { createSessionLookup } from './session-lookup.ts';
import { ADMIN_KEY, createTenantLoader, type Tenant } from './tenant.ts';
import { createUnverifiedLoad } from './unverified-load.ts';
import { createWrongKeyLimit } from './wrong-key-limit.ts';

export type AuthenticatedCaller = {
  access: KeyAccess;
  /** Null for a call with a key. */
  session: StoredSession | null;
} & ({ kind: 'admin'; tenant: Tenant | null } | { kind: 'project' | 'consumer'; tenant: Tenant });

export type Authentication = {
  /** Throws `unauthorized`, `csrf_refused`, or `too_many_attempts` for an address that sent too many wrong keys. */
  authenticate(request: Request): Promise<AuthenticatedCaller>;
  /** The caller whose key is in the body of `request`. Throws as `authenticate` does. */
  callerOfKey(request: Request, key: string): Promise<AuthenticatedCaller>;
  /** The caller whose session has just begun with this token, which is no guess. */
  callerOfNewSession(request: Request, token: string, kind: 'cookie' | 'token'): Promise<AuthenticatedCaller>;
  /** Counts a code in the body of `request` as wrong. Throws `too_many_attempts`. */
  countWrongCode(request: Request): void;
  /** A new key (`ph_…` for a project, `phc_…` for a consumer) or code, and its hash, which is stored. */
  newKey(kind: KeyKind): { key: string; hash: Buffer };
  /** Whether this process, or another with the same encryption keys, made the code. It may have been used since. */
  isOwnCode(code: string): boolean;
  /** The MACs of the admin key, of which its sessions and codes have one; the first is that of the newest encryption key. */
  adminMacs: Buffer[];
  cookie: SessionCookie;
  /** A hash that identifies the request's key or session without revealing it. Throws `unauthorized` when there is none. */
  keyFingerprint(request: Request): string;
  /** Calls `onGone` within one second after the request's key or session ends; returns a function that stops watching. */
  watchKey(request: Request, onGone: () => void): () => void;
  /** Makes a change of a project's keys or settings take effect at once in this process; null: of all projects. */
  invalidate(projectId: string | null): void;
  /** Makes the end of a session take effect at once in this process. */
  forgetSession(hash: Buffer): void;
};

/** A deleted key must stop working within 1 s in every process; the cache may use half of that. */
const CACHE_TTL_MS = 500;
/** Keys without a valid MAC that have worked in this process; they are not limited like unknown keys. */
const MAX_KNOWN_KEYS = 50_000;
/** A deleted key never becomes valid again, so repeated calls with it need no query. */
const MAX_DELETED_KEYS = 10_000;
const DELETED_KEY_TTL_MS = 60_000;

export function createAuthentication(
  db: Queryable,
  profiles: ProfileLookup,
  macsOf: SecretBox['macsOf'],
  {
    adminKey,
    maxWrongKeysPerMinute,
    publicUrl,
  }: Pick<ApiConfig, 'adminKey' | 'maxWrongKeysPerMinute' | 'publicUrl'>,
): Authentication {
  const adminHash = sha256(adminKey);
  const adminMacs = macsOf(`admin key ${adminKey}`);
  const byKey = createLoadingCache<Tenant>(CACHE_TTL_MS);
  const byProject = createLoadingCache<Tenant>(CACHE_TTL_MS);
  const knownKeys = new LRUCache<string, true>({ max: MAX_KNOWN_KEYS });
  const deletedKeys = new LRUCache<string, true>({ max: MAX_DELETED_KEYS, ttl: DELETED_KEY_TTL_MS });
  const wrongKeys = createWrongKeyLimit(maxWrongKeysPerMinute ?? 60);
  const loadUnverified = createUnverifiedLoad<Tenant>(wrongKeys);
  const keyWatch = createCredentialWatch((hashes) => existingKeys(db, hashes));
  const loadTenant = createTenantLoader(db, profiles);
  const cookie = createSessionCookie(publicUrl);
  const sessions = createSessionLookup(db, loadTenant, wrongKeys, adminMacs);
  // Separate, because keys that anyone can invent must not delay valid ones.
  const verifiedKeyLookup = createBatchedLookup(findOwners);
  const unverifiedKeyLookup = createBatchedLookup(findOwners);

  async function findOwners(hashes: Buffer[]): Promise<KeyOwner[]> {
    const owners = await findKeyOwners(db, hashes);
    const used = owners.filter(({ useIsDue }) => useIsDue).map(({ hash }) => hash);
    // No call waits for it, or fails with it: the next lookup finds that it is still due.
    if (used.length > 0) void recordKeyUse(db, used).catch(() => {});
    return owners;
  }

  const tenantOfKey = (
    name: string,
    keyHash: Buffer,
    lookUp: typeof verifiedKeyLookup,
  ): Promise<Tenant | undefined> =>
    byKey.getOrLoad(name, async () => {
      const owner = await lookUp(keyHash);
      const tenant =
        owner &&
        (await loadTenant(owner, {
          keyHash,
          keyId: owner.keyId,
          access: owner.access,
          portalSessionId: null,
          capabilities: null,
        }));
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

  /** For keys that anyone could have invented. */
  const tenantOfUnverifiedKey = (request: Request, name: string, keyHash: Buffer): Promise<Tenant> =>
    loadUnverified(request, name, () => tenantOfKey(name, keyHash, unverifiedKeyLookup), wrongKey);

  const tenantOfProject = async (projectId: string): Promise<Tenant> => {
    const tenant = await byProject.getOrLoad(projectId, async () => {
      const project = await findProject(db, projectId);
      return project && loadTenant({ ...project, projectId: project.id, consumer: null }, ADMIN_KEY);
    });
    if (tenant) return tenant;
    throw unknownProject();
  };

  const adminCaller = async (
    projectId: string | undefined,
    access: KeyAccess,
    session: StoredSession | null,
  ): Promise<AuthenticatedCaller> => ({
    kind: 'admin',
    tenant: projectId === undefined ? null : await tenantOfProject(checkedProjectId(projectId)),
    access,
    session,
  });

  async function callerOf(request: Request, { text, name }: Credential): Promise<AuthenticatedCaller> {
    const keyHash = Buffer.from(name, 'base64');
    const projectHeader = request.get('posthorn-project');
    if (timingSafeEqual(keyHash, adminHash)) return adminCaller(projectHeader, 'full', null);
    const isVerified = knownKeys.has(name) || hasValidMac(text, macsOf);
    const tenant = await (isVerified ? tenantOfVerifiedKey : tenantOfUnverifiedKey)(request, name, keyHash);
    return tenantCaller(tenant, null, projectHeader);
  }

  async function callerOfSession(request: Request, credential: Credential): Promise<AuthenticatedCaller> {
    const { stored, tenant } = await sessions.find(request, credential);
    const projectHeader = request.get('posthorn-project');
    return tenant
      ? tenantCaller(tenant, stored, projectHeader)
      : adminCaller(projectHeader, stored.access, stored);
  }

  return {
    authenticate(request) {
      const credential = credentialOf(request, cookie);
      return credential.kind === 'key' ? callerOf(request, credential) : callerOfSession(request, credential);
    },

    callerOfKey: (request, key) => callerOf(request, { kind: 'key', text: key, name: sha256Base64(key) }),

    callerOfNewSession(request, text, kind) {
      const credential = { kind, text, name: sha256Base64(text) };
      sessions.expect(credential);
      return callerOfSession(request, credential);
    },

    countWrongCode: (request) => void wrongKeys.count(request),

    keyFingerprint: (request) => credentialOf(request, cookie).name,

    watchKey(request, onGone) {
      const credential = credentialOf(request, cookie);
      const credentialHash = hashOf(credential);
      if (credential.kind !== 'key') return sessions.watch(credentialHash, onGone);
      return timingSafeEqual(credentialHash, adminHash) ? () => {} : keyWatch.watch(credentialHash, onGone);
    },

    newKey: (kind) => {
      const key = createKeyWithMac(kind, macsOf);
      return { key, hash: sha256(key) };
    },

    isOwnCode: (code) => hasValidMac(code, macsOf),
    adminMacs,
    cookie,

    invalidate(projectId) {
      const isAffected = (tenant: Tenant | null): boolean =>
        projectId === null || tenant?.projectId === projectId;
      byKey.deleteWhere(isAffected);
      byProject.deleteWhere(isAffected);
      sessions.forgetWhere(({ tenant }) => isAffected(tenant));
    },

    forgetSession: (hash) => sessions.forgetWhere(({ stored }) => stored.hash.equals(hash)),
  };
}

function tenantCaller(
  tenant: Tenant,
  session: StoredSession | null,
  projectHeader: string | undefined,
): AuthenticatedCaller {
  if (projectHeader !== undefined && projectHeader !== tenant.projectId) {
    throw new Problem(
      'forbidden',
      'The key belongs to another project than the one in the header Posthorn-Project.',
    );
  }
  const kind = tenant.consumer === null ? 'project' : 'consumer';
  return { kind, tenant, access: tenant.access, session };
}

const wrongKey = (): Problem => unauthorized('The key is wrong or has been deleted.');
const unknownProject = (): Problem =>
  new Problem('not_found', 'The project in the header Posthorn-Project does not exist.');

function checkedProjectId(text: string): string {
  if (!/^[\w-]{1,64}$/.test(text)) throw unknownProject();
  return text;
}
