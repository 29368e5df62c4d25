import { setTimeout as sleep } from 'node:timers/promises';
import { createFairSemaphore } from '../limits/fair-semaphore.ts';
import { getCompiledSchema, isSchemaCached } from './compiled-schema-cache.ts';

/** After a schema the next one waits so many times as long as it took: at most a third of the thread goes into it. */
const PAUSE_FACTOR = 2;

const semaphore = createFairSemaphore(1, 1);

/**
 * checkOfSchema for a schema that this process may not have met before. Compiling cannot be interrupted, and a
 * batch may name many: they are compiled one at a time, owner by owner in turns, with pauses for what else there is.
 */
export function compileSchemaQueued(
  text: string,
  owner: string,
): Promise<ReturnType<typeof getCompiledSchema>> {
  const { promise, resolve, reject } = Promise.withResolvers<ReturnType<typeof getCompiledSchema>>();
  if (isSchemaCached(text)) resolve(getCompiledSchema(text, owner));
  else
    semaphore(owner, async () => {
      const began = performance.now();
      resolve(getCompiledSchema(text, owner));
      await sleep(PAUSE_FACTOR * (performance.now() - began));
    }).catch(reject);
  return promise;
}
