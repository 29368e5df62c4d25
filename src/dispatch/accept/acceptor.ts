import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { Acceptor } from '../../api/ports.ts';
import { createFilterEvaluator } from '../../filters/filter-evaluator.ts';
import { createFairSemaphore } from '../../limits/fair-semaphore.ts';
import { SharedCapacity, sharesOf } from '../../limits/shared-capacity.ts';
import type { SecretBox } from '../../secrets/secret-box.ts';
import { FiltersNeeded } from '../../store/events/accept/event-filters.ts';
import { FanOutTooLarge } from '../../store/events/accept/match-receivers.ts';
import { matchWeights } from '../../store/events/accept/match-weights.ts';
import type { AcceptResult, EventDraft } from '../../store/events/event-draft.ts';
import {
  isCancelled,
  isLockTimeout,
  isOutage,
  Overloaded,
  ProjectShareExhausted,
  retryOnConflict,
  StoreUnavailable,
} from '../../store/postgres/database.ts';
import type { Reservation, Reserve } from '../reservation.ts';
import { createCommitSchedule } from './commit-schedule.ts';
import { EventsUnderWay } from './events-under-way.ts';
import { createFilteredPosts } from './filtered-posts.ts';
import { createMatchWork } from './match-work.ts';
import { draftBytes, PostQueue, type QueuedPost } from './post-queue.ts';
import { createReserveAndStore, type StoreOptions } from './reserve-and-store.ts';
import { createSaturation, type Saturation } from './saturation.ts';
import { createSeparatePosts } from './separate-posts.ts';

/** Events in one shared transaction. Above this, the cost of a commit per event hardly falls any further. */
const MAX_POSTS_PER_COMMIT = 100;
/** Concurrent batches, each in a transaction of its own: ten concurrent batches of 15 MB took ten seconds each. */
const MAX_BATCHES = 3;
/** Concurrent batches of one project, so that another project never waits for the end of a large one. */
const MAX_BATCHES_PER_PROJECT = 2;
/** Posts that may wait for a transaction. A project beyond its share of them gets a 429. */
const MAX_QUEUED_POSTS = 20_000;
/** If a project's first post has waited this long, its next posts get a 503. */
const MAX_WAIT_MS = 2_000;
/** The longest pause after a commit, so that at least 1,000 posts a second are stored, however large the claim backlog. */
const MAX_PAUSE_MS = 50;
/**
 * A shared transaction waits no longer for a lock that a project's other work holds, such as a batch with the same event in
 * another process: the posts of every project wait with it. Much longer than the commit of another shared transaction takes.
 */
const MAX_LOCK_WAIT_MS = 250;
/** After a shared transaction that took longer, it is found out whether the match of one project was the reason. */
const SLOW_MS = 250;
/** Options of a transaction that delays only the posts of its own project. */
const SEPARATE: StoreOptions = { allOrNone: false, maxLockWaitMs: 0 };
const SHARED: StoreOptions = { allOrNone: false, maxLockWaitMs: MAX_LOCK_WAIT_MS };
const BATCH: StoreOptions = { allOrNone: true, maxLockWaitMs: 0 };

/** `maxPerTransaction`: a shared transaction takes no more posts beyond this. `maxInMemory`: all queued and running posts. */
export type AcceptByteLimits = { maxPerTransaction: number; maxInMemory: number };
/** While it is written, a body is in memory several times: in the draft, in the statement and in the buffers of the connection. */
const BYTES: AcceptByteLimits = { maxPerTransaction: 4 * 1024 * 1024, maxInMemory: 128 * 1024 * 1024 };

/** Stores concurrent posts in shared transactions, and starts their workflows after the commit. */
export function createAcceptor({
  pool,
  box,
  reserve,
  withDetails = false,
  processId = null,
  hasClaimBacklog = () => false,
  byteLimits = BYTES,
  saturation = createSaturation(),
}: {
  pool: pg.Pool;
  box: SecretBox;
  /** Decides what carries new deliveries, before they are stored. */
  reserve: Reserve;
  /** Whether `reserve` needs what a request to the receiver is made of. */
  withDetails?: boolean;
  processId?: string | null;
  /** Whether deliveries wait for a worker. Storing then pauses half of the time, because a worker may share the CPU. */
  hasClaimBacklog?: () => boolean;
  byteLimits?: AcceptByteLimits;
  saturation?: Saturation;
}): Acceptor {
  const batchSemaphore = createFairSemaphore(MAX_BATCHES, MAX_BATCHES_PER_PROJECT);
  const byteCapacity = new SharedCapacity(byteLimits.maxInMemory);
  const postSlots = new SharedCapacity(MAX_QUEUED_POSTS);
  const filtering = createFilteredPosts(createFilterEvaluator(pool));
  const reserveAndStore = createReserveAndStore({ pool, box, reserve, withDetails, processId });
  const queue = new PostQueue();
  const eventsUnderWay = new EventsUnderWay((post) => requeue({ ...post, queuedAt: performance.now() }));
  const separatePosts = createSeparatePosts(batchSemaphore, byteLimits.maxPerTransaction, (posts) =>
    commit(posts, SEPARATE),
  );
  const matchWork = createMatchWork(
    (scopes) => matchWeights(pool, scopes),
    (projectId) => separatePosts.add(projectId, 1),
  );
  const schedule = createCommitSchedule(queue, commitNext, hasClaimBacklog, saturation);

  /** Refuses only if the share is used up already. If the post had to fit, a large batch would be refused forever. */
  async function withCapacity<T>(
    projectId: string,
    drafts: EventDraft[],
    work: () => Promise<T>,
  ): Promise<T> {
    const shares = sharesOf(projectId, null);
    // More is posted than can be stored. A prompt 503 is better for the producer than a long wait.
    if (queue.longestWaitMs(projectId) > MAX_WAIT_MS)
      throw new Overloaded('posts wait too long for a transaction');
    if (!byteCapacity.hasCapacity(shares, 1)) throw new ProjectShareExhausted('too many bytes are waiting');
    if (!postSlots.hasCapacity(shares, 1)) throw new ProjectShareExhausted('too many posts are waiting');
    const bytes = drafts.reduce((sum, draft) => sum + draftBytes(draft), 0);
    byteCapacity.take(shares, bytes);
    postSlots.take(shares, 1);
    try {
      return await work();
    } finally {
      byteCapacity.release(shares, bytes);
      postSlots.release(shares, 1);
    }
  }

  /** The posts resolve at the commit; the pause only delays the next commit. */
  async function commitNext(): Promise<void> {
    const startedAt = performance.now();
    const posts = takeShared();
    await commit(posts, SHARED);
    if (performance.now() - startedAt > SLOW_MS) matchWork.weigh(posts.map(({ draft }) => draft));
    if (hasClaimBacklog()) await sleep(Math.min(performance.now() - startedAt, MAX_PAUSE_MS));
  }

  /** Posts that were queued before their project was separated go with its later ones. */
  function takeShared(): QueuedPost[] {
    const shared: QueuedPost[] = [];
    const admits = matchWork.newTransaction();
    for (const post of queue.take(MAX_POSTS_PER_COMMIT, byteLimits.maxPerTransaction, admits)) {
      if (separatePosts.has(post.draft.projectId)) separatePosts.push(post);
      else shared.push(post);
    }
    return shared;
  }

  async function commit(posts: QueuedPost[], options: StoreOptions): Promise<void> {
    const group = eventsUnderWay.keepWaiting(posts);
    if (group.length === 0) return;
    const drafts = group.map(({ draft }) => draft);
    try {
      const results =
        options === SHARED
          ? await store(drafts, options)
          : await eventsUnderWay.during(drafts, () => store(drafts, options));
      for (const [index, post] of group.entries()) post.resolve(results[index]!);
    } catch (error) {
      if (error instanceof FiltersNeeded) evaluateAndRequeue(group, error.draftIndexes);
      else if (isLockTimeout(error) && options === SHARED) await commitByProject(group);
      else if (isCancelled(error) && options === SHARED) storeSeparately(group, []);
      else if (error instanceof StoreUnavailable || group.length === 1)
        for (const post of group) post.reject(error);
      else if (error instanceof FanOutTooLarge) storeSeparately(group, error.projectIds);
      else for (const post of group) await commit([post], options);
    }
  }

  /** Only the posts of the project whose lock it is wait for it, separately and for as long as it takes. */
  async function commitByProject(group: QueuedPost[]): Promise<void> {
    const byProject = Map.groupBy(group, ({ draft }) => draft.projectId);
    for (const [projectId, posts] of byProject) {
      if (byProject.size === 1) separatePosts.add(projectId, MAX_POSTS_PER_COMMIT);
      if (separatePosts.has(projectId)) for (const post of posts) separatePosts.push(post);
      else await commit(posts, SHARED);
    }
  }

  /** The posts of other projects go on at once. */
  function evaluateAndRequeue(group: QueuedPost[], needed: ReadonlySet<number>): void {
    for (const [index, post] of group.entries()) {
      if (needed.has(index)) filtering.evaluate(post).then(requeue, post.reject);
      else putInQueue(post);
    }
    schedule.advance();
  }

  function putInQueue(post: QueuedPost): void {
    if (separatePosts.has(post.draft.projectId)) separatePosts.push(post);
    else queue.push(post);
  }

  function requeue(post: QueuedPost): void {
    putInQueue(post);
    schedule.recordQueued(post.draft.projectId);
  }

  /**
   * Stores events that take long like batches, so that the posts of other projects do not wait for them: those of these
   * projects, or of all if the project is not known.
   */
  function storeSeparately(group: QueuedPost[], projectIds: string[]): void {
    for (const projectId of projectIds) separatePosts.add(projectId, 1);
    for (const post of group) {
      if (projectIds.length === 0) separatePosts.push(post);
      else putInQueue(post);
    }
    schedule.advance();
  }

  async function store(drafts: EventDraft[], options: StoreOptions): Promise<AcceptResult[]> {
    const uncertain: Reservation[] = [];
    const onUncertain = (reservation: Reservation): void => void uncertain.push(reservation);
    const write = () => retryOnConflict(() => reserveAndStore(drafts, options, onUncertain));
    // Together the posts would take as long again.
    const wasTooSlow = (error: unknown): boolean => options === SHARED && isCancelled(error);
    try {
      // Retried once after a connection failure. The ids are fixed, so a commit that succeeded is found, not repeated.
      return await write().catch((error) =>
        isOutage(error) && !wasTooSlow(error) ? write() : Promise.reject(error),
      );
    } catch (error) {
      throw isOutage(error) && !wasTooSlow(error) ? new StoreUnavailable(error) : error;
    } finally {
      for (const reservation of uncertain) reservation.release(true);
    }
  }

  const storeBatch = (drafts: EventDraft[]): Promise<AcceptResult[]> =>
    filtering
      .withResults(drafts, (evaluated) => eventsUnderWay.during(evaluated, () => store(evaluated, BATCH)))
      .catch((error) => {
        if (error instanceof FanOutTooLarge) return drafts.map(() => ({ kind: 'batch_too_large' }));
        throw error;
      });

  const enqueue = (draft: EventDraft): Promise<AcceptResult> =>
    new Promise((resolve, reject) => {
      const post = { draft, queuedAt: performance.now(), resolve, reject };
      if (filtering.isExpected(draft)) filtering.evaluate(post).then(requeue, reject);
      else requeue(post);
    });

  return {
    acceptOne: (draft) => withCapacity(draft.projectId, [draft], () => enqueue(draft)),
    acceptAll: async (drafts) => {
      const projectId = drafts[0]?.projectId ?? '';
      return withCapacity(projectId, drafts, () => batchSemaphore(projectId, () => storeBatch(drafts)));
    },
  };
}
