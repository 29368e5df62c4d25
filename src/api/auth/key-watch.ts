import type { Queryable } from '../../store/postgres/database.ts';
import { existingKeys } from '../../store/projects/api-keys.ts';

/** A stream of a deleted key must end within 1 s. One query asks for all keys, however many streams are open. */
const LOOK_EVERY_MS = 500;

export type KeyWatch = {
  /** Calls `onDeleted` once when the key is gone; returns how to watch no longer. */
  watch(keyHash: Buffer, onDeleted: () => void): () => void;
};

/** Watches the keys of calls that stay open; asks nothing of Postgres while there are none. */
export function createKeyWatch(db: Queryable): KeyWatch {
  const watched = new Map<string, Set<() => void>>();
  let timer: NodeJS.Timeout | undefined;

  const look = async (): Promise<void> => {
    const names = [...watched.keys()];
    const hashes = names.map((name) => Buffer.from(name, 'base64'));
    // While Postgres is away nothing is known of the keys, and nothing new is streamed either.
    const existing = await existingKeys(db, hashes).catch(() => hashes);
    const found = new Set(existing.map((hash) => hash.toString('base64')));
    for (const name of names) {
      if (!found.has(name)) for (const onDeleted of watched.get(name) ?? []) onDeleted();
    }
  };

  return {
    watch(keyHash, onDeleted) {
      const name = keyHash.toString('base64');
      const callbacks = watched.get(name) ?? new Set();
      watched.set(name, callbacks.add(onDeleted));
      timer ??= setInterval(look, LOOK_EVERY_MS);
      return () => {
        callbacks.delete(onDeleted);
        if (callbacks.size === 0 && watched.get(name) === callbacks) watched.delete(name);
        if (watched.size > 0) return;
        clearInterval(timer);
        timer = undefined;
      };
    },
  };
}
