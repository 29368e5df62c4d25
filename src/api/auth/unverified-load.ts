import type { Request } from 'express';
import type { Problem } from '../problems/problem.ts';
import type { WrongKeyLimit } from './wrong-key-limit.ts';

/** Loads what belongs to a key or token. Throws the error of `isWrong` if there is nothing. */
export type UnverifiedLoad<T> = (
  request: Request,
  name: string,
  load: () => Promise<T | undefined>,
  isWrong: () => Problem,
) => Promise<T>;

/**
 * For keys and tokens that anyone could have invented. One counts as wrong before the query; concurrent calls with it count
 * once.
 */
export function createUnverifiedLoad<T>(wrongKeys: WrongKeyLimit): UnverifiedLoad<T> {
  const pending = new Map<string, Promise<T>>();
  return (request, name, load, isWrong) => {
    const running = pending.get(name);
    if (running) return running;
    const undoCount = wrongKeys.count(request);
    const loading = load()
      .then((found) => {
        if (found === undefined) throw isWrong();
        undoCount();
        return found;
      })
      .finally(() => pending.delete(name));
    pending.set(name, loading);
    return loading;
  };
}
