import { reportFirstFailure } from '../observability/first-failure.ts';

/**
 * Returns a function that runs `work`, or waits for the run under way. It never rejects, and reports the first failure of an
 * outage.
 */
export function oneAtATime(
  work: () => Promise<void>,
  onFailure: (error: unknown) => void,
): () => Promise<void> {
  const attempt = reportFirstFailure(onFailure);
  let running: Promise<void> | null = null;
  return () => {
    running ??= attempt(work).finally(() => {
      running = null;
    });
    return running;
  };
}
