import type { ServerResponse } from 'node:http';

/** Runs `work` when the answer is finished or its caller has gone; at once when that happened before. */
export function onDisconnect(response: ServerResponse, work: () => void): void {
  // Whoever only listened would wait for ever for a caller that went while something else was awaited.
  if (response.destroyed) work();
  else response.once('close', work);
}
