import { createPool } from '../../../src/store/postgres/database.ts';
import { workOnJob } from '../../../src/store/recoveries/work-on-job.ts';

/** What a page of a job took, and what the heap of the process still holds after it, without garbage. */
export type WalkedPage = { done: number; ms: number; heapMb: number; ended: boolean };

/** Works through the pages of the job without a pause, and reports each to the parent process. */
async function walk(url: string, id: string): Promise<void> {
  const pool = createPool(url);
  for (let ended = false; !ended; ) {
    const startedAt = performance.now();
    const page = await workOnJob(pool, id, 1, async () => true);
    const ms = performance.now() - startedAt;
    ended = page?.job.status !== 'running';
    globalThis.gc!();
    const walked: WalkedPage = {
      done: page?.job.done ?? 0,
      ms,
      heapMb: process.memoryUsage().heapUsed / 1024 ** 2,
      ended,
    };
    await new Promise((resolve) => process.send!(walked, resolve));
  }
  await pool.end();
  process.disconnect();
}

await walk(process.argv[2]!, process.argv[3]!);
