import { setTimeout as sleep } from 'node:timers/promises';
import { PosthornError } from '../../../sdk/typescript/src/posthorn-error.ts';
import type { ClientContext } from './client-command.ts';

/** Makes a call, and again after the time that the API asks for while the project is above its quota of calls. */
export async function withinQuota<T>(
  call: () => Promise<T>,
  { output, interrupted }: Pick<ClientContext, 'output' | 'interrupted'>,
): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof PosthornError) || error.status !== 429) throw error;
      const seconds = error.retryAfter ?? 1;
      output.status([`quota of calls reached, waiting ${seconds} s …`]);
      await sleep(seconds * 1_000, undefined, { signal: interrupted });
    }
  }
}
