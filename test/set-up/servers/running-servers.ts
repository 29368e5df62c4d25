type Stop = () => void | Promise<void>;

/** jest loads set-up and teardown as separate modules of one process: what they share is on the global object. */
const shared = globalThis as typeof globalThis & { posthornStops?: Stop[] };

export function onStop(stop: Stop): void {
  shared.posthornStops ??= [];
  shared.posthornStops.push(stop);
}

/** In reverse order of their start. */
export async function stopAll(): Promise<void> {
  for (const stop of shared.posthornStops?.reverse() ?? []) await stop();
  shared.posthornStops = [];
}
