import type { ServerResponse } from 'node:http';

/** Runs `work` when the response has ended or the client has disconnected; immediately if that has already happened. */
export function onDisconnect(response: ServerResponse, work: () => void): void {
  // After the event, a listener would never be called.
  if (response.destroyed) work();
  else response.once('close', work);
}
