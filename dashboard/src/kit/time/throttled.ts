import { useEffect, useRef } from 'react';

/** The action at once, and again after `ms` if it was called for since: never more often, and never too seldom. */
export function useThrottled(action: () => void, ms: number): () => void {
  const latest = useRef(action);
  latest.current = action;
  const state = useRef({ nextAt: 0, timer: undefined as ReturnType<typeof setTimeout> | undefined });
  useEffect(() => () => clearTimeout(state.current.timer), []);
  return () => {
    if (state.current.timer !== undefined) return;
    const run = (): void => {
      state.current = { nextAt: Date.now() + ms, timer: undefined };
      latest.current();
    };
    const wait = state.current.nextAt - Date.now();
    if (wait <= 0) run();
    else state.current.timer = setTimeout(run, wait);
  };
}
