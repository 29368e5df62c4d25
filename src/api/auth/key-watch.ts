import type { Queryable } from '../../store/postgres/database.ts';
import { existingKeys } from '../../store/projects/api-keys.ts';

/** The stream of a deleted key must end within 1 s. One query checks the keys of all open streams. */
const POLL_INTERVAL_MS = 500;

export type KeyWatch = {
  /** Calls `onDeleted` when the key has been deleted; returns a function that stops watching. */
  watch(keyHash: Buffer, onDeleted: () => void): () => void;
};

/** Watches the keys of open streams. While there are none, no query runs. */
export function createKeyWatch(db: Queryable): KeyWatch {
  const watched = new Map<string, Set<() => void>>();
  let timer: NodeJS.Timeout | undefined;

  const poll = async (): Promise<void> => {
    const names = [...watched.keys()];
    const hashes = names.map((name) => Buffer.from(name, 'base64'));
    // While Postgres is down the keys count as existing; nothing new is streamed then.
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
      timer ??= setInterval(poll, POLL_INTERVAL_MS);
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
