import type { PostQueue } from './post-queue.ts';
import type { Saturation } from './saturation.ts';

/** Shared transactions at once. While one waits for its fsync, the next can be written. */
const MAX_CONCURRENT = 4;
/**
 * A commit costs Postgres about as much as writing ten events, so a second transaction begins early only if it can store
 * more than that. With 32 producers, two transactions then take turns with what the process does between them.
 */
const WORTH_A_SECOND = 16;
/**
 * While a project saturates the process, its transactions wait for this many posts: with 32, an event takes 31 µs less of
 * Postgres's CPU than with 16, and 18 µs less here.
 */
const WORTH_GATHERING = 32;
/** They wait no longer than this for each other. */
const MAX_GATHERING_MS = 5;
/** Posts that have waited this long get a transaction of their own: with Postgres far away, a commit takes many times as long. */
const MAX_QUEUED_MS = 10;

/** Decides when the next shared transaction begins. */
export type CommitSchedule = {
  /** Call it after each post that has been queued. */
  recordQueued(projectId: string): void;
  /** Begins transactions, as many as may run now. */
  advance(): void;
};

export function createCommitSchedule(
  queue: PostQueue,
  /** Takes posts from the queue and stores them. Never rejects. */
  storeNext: () => Promise<void>,
  /** Whether deliveries wait for a worker. Then no transaction begins early. */
  hasClaimBacklog: () => boolean,
  saturation: Saturation,
): CommitSchedule {
  let running = 0;
  let isLate = false;
  let lateTimer: NodeJS.Timeout | null = null;
  let hasGathered = false;
  let gatherTimer: NodeJS.Timeout | null = null;

  function mayBegin(): boolean {
    if (isLate) return running === 0 || (running < MAX_CONCURRENT && !hasClaimBacklog());
    if (isGathering()) return false;
    return running === 0 || (running === 1 && queue.size >= WORTH_A_SECOND && !hasClaimBacklog());
  }

  /** Only projects that saturate the process wait for more posts. A post of any other begins the transaction, and they go with it. */
  function isGathering(): boolean {
    if (hasGathered || queue.size >= WORTH_GATHERING) return false;
    for (const projectId of queue.projectIds()) if (!saturation.isCausedBy(projectId)) return false;
    return true;
  }

  function advance(): void {
    while (queue.size > 0 && mayBegin()) {
      isLate = false;
      hasGathered = false;
      stopTimers();
      running += 1;
      void storeNext().finally(() => {
        running -= 1;
        advance();
      });
    }
    if (queue.size === 0) return;
    lateTimer ??= setTimeout(onLate, MAX_QUEUED_MS);
    if (running === 0) gatherTimer ??= setTimeout(onGathered, MAX_GATHERING_MS);
  }

  /** What is queued next has not waited yet. */
  function stopTimers(): void {
    if (lateTimer) clearTimeout(lateTimer);
    if (gatherTimer) clearTimeout(gatherTimer);
    lateTimer = null;
    gatherTimer = null;
  }

  function onLate(): void {
    lateTimer = null;
    isLate = queue.size > 0;
    advance();
  }

  function onGathered(): void {
    gatherTimer = null;
    hasGathered = running === 0 && queue.size > 0;
    advance();
  }

  return {
    advance,
    recordQueued(projectId) {
      saturation.recordPost(projectId);
      // Deferred, so that posts of the same event loop iteration share the transaction.
      const isEnough = [1, WORTH_A_SECOND, WORTH_GATHERING].includes(queue.size);
      if (isEnough || (gatherTimer && !saturation.isCausedBy(projectId))) setImmediate(advance);
    },
  };
}
