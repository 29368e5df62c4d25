import { useSyncExternalStore } from 'react';

/** Since when the API has not answered, in epoch milliseconds. */
let awaySince: number | undefined;
const listeners = new Set<() => void>();

function change(next: number | undefined): void {
  if (next === awaySince) return;
  awaySince = next;
  for (const listener of listeners) listener();
}

export const markAway = (): void => change(awaySince ?? Date.now());
export const markAnswered = (): void => change(undefined);

export function useAwaySince(): number | undefined {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => awaySince,
  );
}
