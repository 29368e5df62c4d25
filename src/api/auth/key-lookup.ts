import type { Queryable } from '../../store/postgres/database.ts';
import { findKeyOwners, type KeyOwner } from '../../store/projects/api-keys.ts';

const MOST_AT_ONCE = 200;

export type KeyLookup = (keyHash: Buffer) => Promise<KeyOwner | undefined>;
type Asked = {
  keyHash: Buffer;
  resolve: (owner: KeyOwner | undefined) => void;
  reject: (error: unknown) => void;
};

/** Asks Postgres one query at a time, each for all keys that came meanwhile: however many come, they cost no more. */
export function createKeyLookup(db: Queryable): KeyLookup {
  const waiting: Asked[] = [];
  let isAsking = false;

  async function askNext(): Promise<void> {
    isAsking = true;
    while (waiting.length > 0) await answer(waiting.splice(0, MOST_AT_ONCE));
    isAsking = false;
  }

  async function answer(asked: Asked[]): Promise<void> {
    try {
      const hashes = asked.map(({ keyHash }) => keyHash);
      const owners = await findKeyOwners(db, hashes);
      const byHash = new Map(owners.map((owner) => [owner.hash.toString('base64'), owner]));
      for (const { keyHash, resolve } of asked) resolve(byHash.get(keyHash.toString('base64')));
    } catch (error) {
      for (const { reject } of asked) reject(error);
    }
  }

  return (keyHash) =>
    new Promise((resolve, reject) => {
      waiting.push({ keyHash, resolve, reject });
      if (!isAsking) void askNext();
    });
}
