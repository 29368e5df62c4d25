import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Request, Response } from 'express';
import { policyText } from '../policy/retry-policy.ts';
import type { ComposableProfile } from '../profiles/compile-profile.ts';
import type { ProfileLookup } from '../profiles/profile-lookup.ts';
import { findKeyOwner, type KeyOwner } from '../store/api-keys.ts';
import type { Queryable } from '../store/database.ts';
import { findProject } from '../store/projects.ts';
import type { Catalogue } from './catalogue.ts';
import { createCatalogues } from './catalogues.ts';
import type { ApiConfig } from './dependencies.ts';
import { createKeyWatch } from './key-watch.ts';
import { policyInForce } from './policy-in-force.ts';
import { Problem } from './problem.ts';
import { ShortMemory } from './short-memory.ts';
import { unauthorized } from './unauthorized.ts';
import { createWrongKeyLimit } from './wrong-key-limit.ts';

/** Whose data a call is about, with the settings that hold for it now. */
export type Tenant = {
  projectId: string;
  /** Null: the whole project; else only what is this consumer's. */
  consumer: string | null;
  profile: ComposableProfile;
  /** Canonical text of the retry policy in force. */
  policy: string;
  /** Plans whose consumers may use webhooks; null: all. */
  plans: string[] | null;
  catalogue: Catalogue;
  /** Whether the data of events is held against the schemas of the catalogue. */
  enforcesSchemas: boolean;
};

export type Caller =
  | { kind: 'admin'; tenant: Tenant | null }
  | { kind: 'project' | 'consumer'; tenant: Tenant };

export type Authentication = {
  /** Throws `unauthorized`, or `too_many_attempts` for an address that sent too many wrong keys. */
  callerOf(request: Request, response: Response): Promise<Caller>;
  /** One name for a key, however the request wrote it; the key cannot be told from it. */
  keyNameOf(request: Request): string;
  /** Calls `onDeleted` within a second of the deletion of the request's key; returns how to watch no longer. */
  watchKey(request: Request, onDeleted: () => void): () => void;
  /** After a change of keys or settings, so that this process knows it at once. */
  forgetAll(): void;
};

/** A deleted key must stop working within 1 s, in every process: half of that may be spent remembering. */
const REMEMBERED_MS = 500;

const sha256 = (text: string): Buffer => hash('sha256', text, 'buffer');

/** A new API key and what is stored of it. `ph_` is a project's, `phc_` a consumer's. */
export function newApiKey(kind: 'ph' | 'phc'): { key: string; hash: Buffer } {
  const key = `${kind}_${randomBytes(32).toString('base64url')}`;
  return { key, hash: sha256(key) };
}

export function createAuthentication(
  db: Queryable,
  profiles: ProfileLookup,
  { adminKey, wrongKeysPerMinute }: Pick<ApiConfig, 'adminKey' | 'wrongKeysPerMinute'>,
): Authentication {
  const adminHash = sha256(adminKey);
  const byKey = new ShortMemory<Tenant | undefined>(REMEMBERED_MS);
  const byProject = new ShortMemory<Tenant | undefined>(REMEMBERED_MS);
  const wrongKeys = createWrongKeyLimit(wrongKeysPerMinute ?? 60);
  const keyWatch = createKeyWatch(db);
  const catalogues = createCatalogues(db);

  const tenantOf = async (owner: KeyOwner): Promise<Tenant> => {
    const profile = await profiles.find(owner.projectId, owner.profile, owner.profileVersion);
    if (!profile)
      throw new Error(`the profile ${owner.profile} of project ${owner.projectId} is not known here`);
    const policy = policyText(policyInForce(profile.policy, owner.policy));
    const { projectId, consumer, plansInForce: plans } = owner;
    return {
      projectId,
      consumer,
      profile,
      policy,
      plans,
      catalogue: await catalogues.of(projectId, owner.catalogueVersion, profile),
      enforcesSchemas: owner.schemas === 'enforced',
    };
  };

  const tenantOfKey = async (keyHash: Buffer): Promise<Tenant | undefined> => {
    const name = keyHash.toString('base64');
    const tenant = await byKey.get(name, async () => {
      const owner = await findKeyOwner(db, keyHash);
      return owner && tenantOf(owner);
    });
    if (!tenant) byKey.forget(name);
    return tenant;
  };

  const tenantOfProject = async (projectId: string): Promise<Tenant> => {
    const tenant = await byProject.get(projectId, async () => {
      const project = await findProject(db, projectId);
      return project && tenantOf({ ...project, projectId: project.id, consumer: null });
    });
    if (tenant) return tenant;
    byProject.forget(projectId);
    throw new Problem('not_found', 'The header Posthorn-Project names no project.');
  };

  const adminCaller = async (projectId: string | undefined): Promise<Caller> => ({
    kind: 'admin',
    tenant: projectId === undefined ? null : await tenantOfProject(checkedProjectId(projectId)),
  });

  return {
    async callerOf(request, response) {
      const keyHash = sha256(bearerKeyOf(request));
      const projectHeader = request.headers['posthorn-project'] as string | undefined;
      if (timingSafeEqual(keyHash, adminHash)) return adminCaller(projectHeader);
      // An address that is blocked may still use a key that worked here before: others may share its address.
      if (!byKey.knows(keyHash.toString('base64'))) await wrongKeys.refuseIfBlocked(request);
      const tenant = await tenantOfKey(keyHash);
      if (!tenant) return wrongKeys.refuse(request, response);
      if (projectHeader !== undefined && projectHeader !== tenant.projectId) {
        throw new Problem(
          'forbidden',
          'The key is of another project than the header Posthorn-Project names.',
        );
      }
      return { kind: tenant.consumer === null ? 'project' : 'consumer', tenant };
    },

    keyNameOf: (request) => sha256(bearerKeyOf(request)).toString('base64'),

    watchKey(request, onDeleted) {
      const keyHash = sha256(bearerKeyOf(request));
      return timingSafeEqual(keyHash, adminHash) ? () => {} : keyWatch.watch(keyHash, onDeleted);
    },

    forgetAll() {
      byKey.clear();
      byProject.clear();
    },
  };
}

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
