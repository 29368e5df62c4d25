/** The stream of a deleted key or an ended session must end within 1 s. One query checks those of all open streams. */
const POLL_INTERVAL_MS = 500;

export type CredentialWatch = {
  /** Calls `onGone` when the key or session with this hash has gone; returns a function that stops watching. */
  watch(hash: Buffer, onGone: () => void): () => void;
};

/** Watches the keys or sessions of open streams; `existing` returns those that are left. While there are none, no query runs. */
export function createCredentialWatch(existing: (hashes: Buffer[]) => Promise<Buffer[]>): CredentialWatch {
  const watched = new Map<string, Set<() => void>>();
  let timer: NodeJS.Timeout | undefined;

  const poll = async (): Promise<void> => {
    const names = [...watched.keys()];
    const hashes = names.map((name) => Buffer.from(name, 'base64'));
    // While Postgres is down they count as existing; nothing new is streamed then.
    const left = await existing(hashes).catch(() => hashes);
    const found = new Set(left.map((hash) => hash.toString('base64')));
    for (const name of names) {
      if (!found.has(name)) for (const onGone of watched.get(name) ?? []) onGone();
    }
  };

  return {
    watch(hash, onGone) {
      const name = hash.toString('base64');
      const callbacks = watched.get(name) ?? new Set();
      watched.set(name, callbacks.add(onGone));
      timer ??= setInterval(poll, POLL_INTERVAL_MS);
      return () => {
        callbacks.delete(onGone);
        if (callbacks.size === 0 && watched.get(name) === callbacks) watched.delete(name);
        if (watched.size > 0) return;
        clearInterval(timer);
        timer = undefined;
      };
    },
  };
}
