/**
 * Returns a function that runs `work`, or waits for the run under way. It never rejects: of failures without a success in
 * between, as during an outage, only the first is reported.
 */
export function oneAtATime(
  work: () => Promise<void>,
  onFailure: (error: unknown) => void,
): () => Promise<void> {
  let running: Promise<void> | null = null;
  let hasFailed = false;

  async function run(): Promise<void> {
    try {
      await work();
      hasFailed = false;
    } catch (error) {
      if (!hasFailed) onFailure(error);
      hasFailed = true;
    } finally {
      running = null;
    }
  }

  return () => {
    running ??= run();
    return running;
  };
}
