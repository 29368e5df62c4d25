import type { Request } from 'express';
import { ipKeyGenerator } from 'express-rate-limit';
import { LRUCache } from 'lru-cache';
import { Problem } from '../problems/problem.ts';

const WINDOW_MS = 60_000;
const MAX_ADDRESSES = 50_000;

export type WrongKeyLimit = {
  /**
   * Counts a key as wrong; returns a function that undoes it when the key proves valid. Throws too_many_attempts when the
   * address has sent too many wrong keys in this minute.
   */
  count(request: Request): () => void;
};

/** Keys cannot be guessed, but without this limit every guess would cost a database query. */
export function createWrongKeyLimit(limit: number): WrongKeyLimit {
  const windows = new LRUCache<string, { count: number }>({ max: MAX_ADDRESSES, ttl: WINDOW_MS });
  return {
    count(request) {
      const address = ipKeyGenerator(request.ip ?? '');
      const window = windows.get(address) ?? { count: 0 };
      if (window.count >= limit) throw tooMany();
      if (window.count === 0) windows.set(address, window);
      window.count += 1;
      return () => {
        window.count -= 1;
      };
    },
  };
}

const tooMany = (): Problem =>
  new Problem('too_many_attempts', undefined, { headers: { 'retry-after': String(WINDOW_MS / 1000) } });
