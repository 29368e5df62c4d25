import type { PostQueue } from './post-queue.ts';

/** Shared transactions at once. While one waits for its fsync, the next can be written. */
const MAX_CONCURRENT = 4;
/**
 * A commit costs Postgres about as much as writing ten events. So a second transaction begins early only if it can store
 * as many posts as a busy process has from 32 producers.
 */
const WORTH_A_SECOND = 32;
/** Posts that have waited this long get a transaction of their own: with Postgres far away, a commit takes many times as long. */
const MAX_QUEUED_MS = 10;

/** Decides when the next shared transaction begins. */
export type CommitSchedule = {
  /** Call it after each post that has been queued. */
  recordQueued(): void;
  /** Begins transactions, as many as may run now. */
  advance(): void;
};

export function createCommitSchedule(
  queue: PostQueue,
  /** Takes posts from the queue and stores them. Never rejects. */
  storeNext: () => Promise<void>,
  /** Whether deliveries wait for a worker. Then no transaction begins early. */
  hasClaimBacklog: () => boolean,
): CommitSchedule {
  let running = 0;
  let isLate = false;
  let timer: NodeJS.Timeout | null = null;

  function mayBegin(): boolean {
    if (running === 0) return true;
    if (running >= MAX_CONCURRENT || hasClaimBacklog()) return false;
    return isLate || (running === 1 && queue.size >= WORTH_A_SECOND);
  }

  function advance(): void {
    while (queue.size > 0 && mayBegin()) {
      isLate = false;
      running += 1;
      void storeNext().finally(() => {
        running -= 1;
        advance();
      });
    }
    if (queue.size > 0 && !timer) timer = setTimeout(onLate, MAX_QUEUED_MS);
  }

  function onLate(): void {
    timer = null;
    isLate = queue.size > 0;
    advance();
  }

  return {
    advance,
    recordQueued() {
      // Deferred, so that posts of the same event loop iteration share the transaction.
      if (queue.size === 1 || queue.size === WORTH_A_SECOND) setImmediate(advance);
    },
  };
}
