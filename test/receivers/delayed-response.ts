import { setTimeout as sleep } from 'node:timers/promises';
import type { ScriptStep } from './receiver.ts';

/** A step of a receiver's script that takes so many milliseconds to respond. */
export const respondAfter =
  (ms: number, status: number): ScriptStep =>
  async (_request, response) => {
    await sleep(ms);
    response.writeHead(status).end();
  };
