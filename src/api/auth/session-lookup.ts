import { randomBytes } from 'node:crypto';
import type { Request } from 'express';
import { LRUCache } from 'lru-cache';
import type { Queryable } from '../../store/postgres/database.ts';
import {
  existingSessions,
  findSessions,
  recordSessionUse,
  type StoredSession,
} from '../../store/sessions/sessions.ts';
import { unauthorized } from '../problems/unauthorized.ts';
import { createBatchedLookup } from './batched-lookup.ts';
import { type Credential, hashOf, SESSION_PREFIX } from './credential.ts';
import { type CredentialWatch, createCredentialWatch } from './credential-watch.ts';
import { createLoadingCache } from './loading-cache.ts';
import type { Tenant, TenantLoader } from './tenant.ts';
import { createUnverifiedLoad } from './unverified-load.ts';
import type { WrongKeyLimit } from './wrong-key-limit.ts';

export type Session = { stored: StoredSession; tenant: Tenant | null };

export type SessionLookup = {
  /** Throws unauthorized if the cookie or token belongs to no session in force. */
  find(request: Request, credential: Credential): Promise<Session>;
  /** Marks a new session as known, so that its first use is no guess. */
  expect(credential: Credential): void;
  watch: CredentialWatch['watch'];
  /** Makes a change take effect at once in this process. */
  forgetWhere(matches: (session: Session) => boolean): void;
};

/** Like a deleted key, an ended session must stop working within 1 s in every process. */
const CACHE_TTL_MS = 500;
const MAX_KNOWN_SESSIONS = 50_000;
const FORM = /^phs_[\w-]{43}$/;

/** A new token of a session or value of its cookie. */
export const newSessionToken = (): string => `${SESSION_PREFIX}${randomBytes(32).toString('base64url')}`;

/** `adminMacs`: the MACs of the admin key, of which an admin session has one. */
export function createSessionLookup(
  db: Queryable,
  loadTenant: TenantLoader,
  wrongKeys: WrongKeyLimit,
  adminMacs: Buffer[],
): SessionLookup {
  const cache = createLoadingCache<Session>(CACHE_TTL_MS);
  const known = new LRUCache<string, true>({ max: MAX_KNOWN_SESSIONS });
  const loadUnverified = createUnverifiedLoad<Session>(wrongKeys);
  // Separate, because tokens that anyone can invent must not delay valid ones.
  const lookUpKnown = createBatchedLookup((hashes) => findSessions(db, hashes, adminMacs));
  const lookUpUnknown = createBatchedLookup((hashes) => findSessions(db, hashes, adminMacs));
  const watch = createCredentialWatch((hashes) => existingSessions(db, hashes, adminMacs));

  const load = (credential: Credential, lookUp: typeof lookUpKnown): Promise<Session | undefined> =>
    cache.getOrLoad(nameOf(credential), async () => {
      const stored = await lookUp(hashOf(credential));
      if (!stored || !fits(credential, stored)) {
        known.delete(nameOf(credential));
        return undefined;
      }
      known.set(nameOf(credential), true);
      if (stored.useIsDue) stored.expiresAt = (await recordSessionUse(db, stored.hash)) ?? stored.expiresAt;
      return { stored, tenant: await tenantOf(stored) };
    });

  const tenantOf = async (stored: StoredSession): Promise<Tenant | null> => {
    if (stored.kind === 'admin') return null;
    const { hash, keyHash, keyId, access } = stored;
    const capabilities = stored.capabilities && new Set(stored.capabilities);
    const portalSessionId = stored.kind === 'consumer' ? stored.id : null;
    const key = { keyHash: keyHash ?? hash, keyId, access, portalSessionId, capabilities };
    return loadTenant(stored, key);
  };

  return {
    async find(request, credential) {
      if (known.has(nameOf(credential))) {
        const session = await load(credential, lookUpKnown);
        if (session) return session;
      }
      const lookUp = async () => (FORM.test(credential.text) ? load(credential, lookUpUnknown) : undefined);
      return loadUnverified(request, nameOf(credential), lookUp, ended);
    },
    expect: (credential) => void known.set(nameOf(credential), true),
    watch: watch.watch,
    forgetWhere: cache.deleteWhere,
  };
}

const ended = () => unauthorized('The session does not exist or has ended.');

/** The same text as a cookie and as a token is not the same credential: at most one of them is valid. */
const nameOf = ({ kind, name }: Credential): string => `${kind} ${name}`;

/** A cookie is an operator's and a token a customer's, so that neither can be passed off as the other. */
const fits = ({ kind }: Credential, stored: StoredSession): boolean =>
  (kind === 'cookie') === (stored.kind !== 'consumer');
