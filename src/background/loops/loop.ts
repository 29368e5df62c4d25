import { reportFirstFailure } from '../../observability/first-failure.ts';

/** Work that is repeated until `close`, which resolves when none is under way. */
export type Loop = { close(): Promise<void> };

/** Runs `work` now and every `intervalMs`, or without a pause if it takes longer. Reports the first failure of an outage. */
export function startLoop(
  work: () => Promise<void>,
  intervalMs: number,
  onFailure: (error: unknown) => void,
): Loop {
  const attempt = reportFirstFailure(onFailure);
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void>;

  async function runOnce(): Promise<void> {
    const startedAt = performance.now();
    await attempt(work);
    if (!closed) timer = setTimeout(run, Math.max(0, startedAt + intervalMs - performance.now()));
  }

  function run(): void {
    running = runOnce();
  }

  run();
  return {
    async close() {
      closed = true;
      clearTimeout(timer);
      await running;
    },
  };
}
