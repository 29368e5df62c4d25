import { setTimeout as sleep } from 'node:timers/promises';
import { TryFailure } from './failure.ts';

const ASK_EVERY_MS = 100;
const ASK_FOR_MS = 15_000;

/** Asks until the answer will do; throws a TryFailure with `sentence` and the last answer's words when it never does. */
export async function pollUntil<T>(
  ask: () => Promise<T>,
  willDo: (answer: T) => boolean,
  sentence: (last: T) => string,
): Promise<T> {
  const end = performance.now() + ASK_FOR_MS;
  for (;;) {
    const answer = await ask();
    if (willDo(answer)) return answer;
    if (performance.now() > end) throw new TryFailure(sentence(answer));
    await sleep(ASK_EVERY_MS);
  }
}
