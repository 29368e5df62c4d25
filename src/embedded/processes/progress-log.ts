const TELL_EVERY_MS = 10_000;

/** Says that a step has begun, every ten seconds that it still runs, and how long it took in the end. */
export async function withProgressLog<T>(
  log: (line: string) => void,
  title: string,
  work: () => Promise<T>,
): Promise<T> {
  const startedAt = performance.now();
  const elapsed = () => `${Math.round((performance.now() - startedAt) / 1000)} s`;
  log(`${title} …`);
  const timer = setInterval(() => log(`${title} … ${elapsed()}`), TELL_EVERY_MS);
  try {
    const result = await work();
    log(`${title}: done in ${elapsed()}`);
    return result;
  } finally {
    clearInterval(timer);
  }
}
