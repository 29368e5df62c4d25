import { Problem } from './problem.ts';

/** Each open stream asks Postgres once a second. */
const STREAMS_PER_KEY = 20;

export type StreamLimit = {
  /** Takes one of the key's places in this process; throws too_many_streams when none is free. Returns how to give it back. */
  take(key: string): () => void;
};

/** Keeps a client that forgets to close its streams from taking Postgres for itself. */
export function createStreamLimit(limit = STREAMS_PER_KEY): StreamLimit {
  const taken = new Map<string, number>();
  return {
    take(key) {
      const open = taken.get(key) ?? 0;
      if (open >= limit) throw new Problem('too_many_streams');
      taken.set(key, open + 1);
      return () => {
        const left = taken.get(key)! - 1;
        if (left > 0) taken.set(key, left);
        else taken.delete(key);
      };
    },
  };
}
