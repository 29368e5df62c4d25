const LOG_INTERVAL_MS = 10_000;

/** Logs when a step starts, every 10 s while it runs, and its duration when it ends. Returns the result of `work`. */
export async function withProgressLog<T>(
  log: (line: string) => void,
  title: string,
  work: () => Promise<T>,
): Promise<T> {
  const startedAt = performance.now();
  const elapsed = () => `${Math.round((performance.now() - startedAt) / 1000)} s`;
  log(`${title} …`);
  const timer = setInterval(() => log(`${title} … ${elapsed()}`), LOG_INTERVAL_MS);
  try {
    const result = await work();
    log(`${title}: done in ${elapsed()}`);
    return result;
  } finally {
    clearInterval(timer);
  }
}
