import { setTimeout as sleep } from 'node:timers/promises';
import { createFairSemaphore } from '../limits/fair-semaphore.ts';
import { getCompiledSchema, isSchemaCached } from './compiled-schema-cache.ts';

/** Pause after each compilation as a multiple of its duration: compiling takes at most a third of the main thread. */
const PAUSE_FACTOR = 2;

const semaphore = createFairSemaphore(1, 1);

/**
 * getCompiledSchema for a schema that may not be cached. Compiling blocks the main thread, and a batch may use many
 * schemas, so they are compiled one at a time, owners take turns, and other work can run between them. `owner` is the
 * project. Rejects when compiling throws.
 */
export function compileSchemaQueued(
  text: string,
  owner: string,
): Promise<ReturnType<typeof getCompiledSchema>> {
  const { promise, resolve, reject } = Promise.withResolvers<ReturnType<typeof getCompiledSchema>>();
  if (isSchemaCached(text)) resolve(getCompiledSchema(text, owner));
  else
    semaphore(owner, async () => {
      const startedAt = performance.now();
      resolve(getCompiledSchema(text, owner));
      await sleep(PAUSE_FACTOR * (performance.now() - startedAt));
    }).catch(reject);
  return promise;
}
