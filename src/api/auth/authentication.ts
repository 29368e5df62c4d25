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
import { TtlCache } from './ttl-cache.ts';
import { createWrongKeyLimit } from './wrong-key-limit.ts';

/** Whose data a call is about, with the settings that hold for it now. */
export type Tenant = {
  projectId: string;
  /** Null: the whole project; else only what is this consumer's. */
  consumer: string | null;
  /** What is older is of a consumer that had the same id and was deleted. */
  since: Date | null;
  /** Of the key that called; null: the admin's. */
  keyHash: Buffer | null;
  profile: CompiledProfile;
  /** Canonical text of the retry policy in force. */
  policy: string;
  /** Plans whose consumers may use webhooks; null: all. */
  plans: string[] | null;
  catalogue: Catalogue;
  /** Whether the data of events is held against the schemas of the catalogue. */
  enforcesSchemas: boolean;
};

export type AuthenticatedCaller =
  | { kind: 'admin'; tenant: Tenant | null }
  | { kind: 'project' | 'consumer'; tenant: Tenant };

export type Authentication = {
  /** Throws `unauthorized`, or `too_many_attempts` for an address that sent too many wrong keys. */
  authenticate(request: Request): Promise<AuthenticatedCaller>;
  /** A new API key and what is stored of it. `ph_` is a project's, `phc_` a consumer's. */
  newKey(kind: KeyKind): { key: string; hash: Buffer };
  /** One name for a key, however the request wrote it; the key cannot be told from it. */
  keyFingerprint(request: Request): string;
  /** Calls `onDeleted` within a second of the deletion of the request's key; returns how to watch no longer. */
  watchKey(request: Request, onDeleted: () => void): () => void;
  /** After a change of a project's keys or settings, so that this process knows it at once; null: of what all share. */
  invalidate(projectId: string | null): void;
};

/** A deleted key must stop working within 1 s, in every process: half of that may be spent remembering. */
const REMEMBERED_MS = 500;
/** Keys that have worked here are known again although they have no stamp. */
const KNOWN_KEYS = 50_000;
/** A key that is gone never comes back: who goes on sending it costs no query. */
const GONE_KEYS = 10_000;
const GONE_MS = 60_000;

const sha256 = (text: string): Buffer => hash('sha256', text, 'buffer');

export function createAuthentication(
  db: Queryable,
  profiles: ProfileLookup,
  stampOf: SecretBox['macsOf'],
  { adminKey, maxWrongKeysPerMinute }: Pick<ApiConfig, 'adminKey' | 'maxWrongKeysPerMinute'>,
): Authentication {
  const adminHash = sha256(adminKey);
  const byKey = new TtlCache<Tenant | undefined>(REMEMBERED_MS);
  const byProject = new TtlCache<Tenant | undefined>(REMEMBERED_MS);
  const worked = new LRUCache<string, true>({ max: KNOWN_KEYS });
  const gone = new LRUCache<string, true>({ max: GONE_KEYS, ttl: GONE_MS });
  const strangers = new Map<string, Promise<Tenant>>();
  const wrongKeys = createWrongKeyLimit(maxWrongKeysPerMinute ?? 60);
  const keyWatch = createKeyWatch(db);
  const catalogues = createCatalogueCache(db);
  // Apart: keys that anyone can make up must not delay those that are ours.
  const ownerOfOurs = createKeyLookup(db);
  const ownerOfStrangers = createKeyLookup(db);

  const tenantOf = async (owner: Omit<KeyOwner, 'hash'>, keyHash: Buffer | null): Promise<Tenant> => {
    const profile = await profiles.find(owner.projectId, owner.profile, owner.profileVersion);
    if (!profile)
      throw new Error(`the profile ${owner.profile} of project ${owner.projectId} is not known here`);
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

  const tenantOfKey = async (
    name: string,
    keyHash: Buffer,
    ownerOf: KeyLookup,
  ): Promise<Tenant | undefined> => {
    const tenant = await byKey.getOrLoad(name, async () => {
      const owner = await ownerOf(keyHash);
      return owner && tenantOf(owner, keyHash);
    });
    if (tenant) worked.set(name, true);
    else {
      byKey.delete(name);
      worked.delete(name);
    }
    return tenant;
  };

  /** A key that we made, or that has worked here: it is let through whatever others of its address have sent. */
  const tenantOfOurs = async (request: Request, name: string, keyHash: Buffer): Promise<Tenant> => {
    const tenant = gone.has(name) ? undefined : await tenantOfKey(name, keyHash, ownerOfOurs);
    if (tenant) return tenant;
    gone.set(name, true);
    wrongKeys.count(request);
    throw wrongKey();
  };

  /** A key that anyone may have made up counts as wrong before Postgres is asked; the same at the same time counts once. */
  const tenantOfStranger = (request: Request, name: string, keyHash: Buffer): Promise<Tenant> => {
    const asked = strangers.get(name);
    if (asked) return asked;
    const wasRight = wrongKeys.count(request);
    const answer = tenantOfKey(name, keyHash, ownerOfStrangers)
      .then((tenant) => {
        if (!tenant) throw wrongKey();
        wasRight();
        return tenant;
      })
      .finally(() => strangers.delete(name));
    strangers.set(name, answer);
    return answer;
  };

  const tenantOfProject = async (projectId: string): Promise<Tenant> => {
    const tenant = await byProject.getOrLoad(projectId, async () => {
      const project = await findProject(db, projectId);
      return project && tenantOf({ ...project, projectId: project.id, consumer: null }, null);
    });
    if (tenant) return tenant;
    byProject.delete(projectId);
    throw new Problem('not_found', 'The header Posthorn-Project names no project.');
  };

  const adminCaller = async (projectId: string | undefined): Promise<AuthenticatedCaller> => ({
    kind: 'admin',
    tenant: projectId === undefined ? null : await tenantOfProject(checkedProjectId(projectId)),
  });

  return {
    async authenticate(request) {
      const key = bearerKeyOf(request);
      const keyHash = sha256(key);
      const projectHeader = request.headers['posthorn-project'] as string | undefined;
      if (timingSafeEqual(keyHash, adminHash)) return adminCaller(projectHeader);
      const name = keyHash.toString('base64');
      const isOurs = worked.has(name) || hasValidMac(key, stampOf);
      const tenant = await (isOurs ? tenantOfOurs : tenantOfStranger)(request, name, keyHash);
      if (projectHeader !== undefined && projectHeader !== tenant.projectId) {
        throw new Problem(
          'forbidden',
          'The key is of another project than the header Posthorn-Project names.',
        );
      }
      return { kind: tenant.consumer === null ? 'project' : 'consumer', tenant };
    },

    keyFingerprint: (request) => sha256(bearerKeyOf(request)).toString('base64'),

    watchKey(request, onDeleted) {
      const keyHash = sha256(bearerKeyOf(request));
      return timingSafeEqual(keyHash, adminHash) ? () => {} : keyWatch.watch(keyHash, onDeleted);
    },

    newKey: (kind) => {
      const key = createKeyWithMac(kind, stampOf);
      return { key, hash: sha256(key) };
    },

    invalidate(projectId) {
      byKey.deleteWhere((tenant) => projectId === null || tenant?.projectId === projectId);
      byProject.deleteWhere((tenant) => projectId === null || tenant?.projectId === projectId);
    },
  };
}

const wrongKey = (): Problem => unauthorized('The key is wrong, or was deleted.');

function bearerKeyOf(request: Request): string {
  const header = request.headers.authorization;
  if (header === undefined) throw unauthorized('The header Authorization is missing.');
  const key = /^Bearer +([\x21-\x7e]{1,256})$/i.exec(header)?.[1];
  if (key === undefined) throw unauthorized('The header Authorization is not "Bearer <key>".');
  return key;
}

function checkedProjectId(text: string): string {
  if (!/^[\w-]{1,64}$/.test(text))
    throw new Problem('not_found', 'The header Posthorn-Project names no project.');
  return text;
}
