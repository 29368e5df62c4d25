import { setTimeout as sleep } from 'node:timers/promises';
import { createFairTurns } from '../limits/fair-semaphore.ts';
import { checkOfSchema, isRemembered } from './remembered-checks.ts';

/** After a schema the next one waits so many times as long as it took: at most a third of the thread goes into it. */
const PAUSE_FACTOR = 2;

const inTurn = createFairTurns(1, 1);

/**
 * checkOfSchema for a schema that this process may not have met before. Compiling cannot be interrupted, and a
 * batch may name many: they are compiled one at a time, owner by owner in turns, with pauses for what else there is.
 */
export function compileInTurn(text: string, owner: string): Promise<ReturnType<typeof checkOfSchema>> {
  const { promise, resolve, reject } = Promise.withResolvers<ReturnType<typeof checkOfSchema>>();
  if (isRemembered(text)) resolve(checkOfSchema(text, owner));
  else
    inTurn(owner, async () => {
      const began = performance.now();
      resolve(checkOfSchema(text, owner));
      await sleep(PAUSE_FACTOR * (performance.now() - began));
    }).catch(reject);
  return promise;
}
