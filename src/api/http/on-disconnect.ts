import type { ServerResponse } from 'node:http';

/** A signal that aborts when the client disconnects, or has the response. */
export function disconnected(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  onDisconnect(response, () => controller.abort());
  return controller.signal;
}

/** Runs `work` when the response has ended or the client has disconnected; immediately if that has already happened. */
export function onDisconnect(response: ServerResponse, work: () => void): void {
  // After the event, a listener would never be called.
  if (response.destroyed) work();
  else response.once('close', work);
}
