import type { Queryable } from '../../store/postgres/database.ts';
import { findKeyOwners, type KeyOwner } from '../../store/projects/api-keys.ts';

const MAX_BATCH = 200;

export type KeyLookup = (keyHash: Buffer) => Promise<KeyOwner | undefined>;
type PendingLookup = {
  keyHash: Buffer;
  resolve: (owner: KeyOwner | undefined) => void;
  reject: (error: unknown) => void;
};

/** Looks up keys with one query at a time, for all keys that arrived during the previous one. Bursts of calls cost no more queries. */
export function createKeyLookup(db: Queryable): KeyLookup {
  const waiting: PendingLookup[] = [];
  let isDraining = false;

  async function drain(): Promise<void> {
    isDraining = true;
    while (waiting.length > 0) await resolveBatch(waiting.splice(0, MAX_BATCH));
    isDraining = false;
  }

  async function resolveBatch(lookups: PendingLookup[]): Promise<void> {
    try {
      const hashes = lookups.map(({ keyHash }) => keyHash);
      const owners = await findKeyOwners(db, hashes);
      const byHash = new Map(owners.map((owner) => [owner.hash.toString('base64'), owner]));
      for (const { keyHash, resolve } of lookups) resolve(byHash.get(keyHash.toString('base64')));
    } catch (error) {
      for (const { reject } of lookups) reject(error);
    }
  }

  return (keyHash) =>
    new Promise((resolve, reject) => {
      waiting.push({ keyHash, resolve, reject });
      if (!isDraining) void drain();
    });
}
