import type { ScriptStep } from './receiver.ts';

/** A step of a receiver's script that does not respond until `respond` is called. */
export function pendingResponse(): { step: Exclude<ScriptStep, number>; respond: (status: number) => void } {
  const { promise, resolve } = Promise.withResolvers<number>();
  const step: Exclude<ScriptStep, number> = async (_request, response) => {
    response.writeHead(await promise).end();
  };
  return { step, respond: resolve };
}
