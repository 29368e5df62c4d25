import { setTimeout as sleep } from 'node:timers/promises';
import type { FairSemaphore } from '../../limits/fair-semaphore.ts';
import { FiltersNeeded } from '../../store/events/accept/event-filters.ts';
import { FanOutTooLarge } from '../../store/events/accept/match-receivers.ts';
import type { Scope } from '../../store/events/accept/match-weights.ts';
import type { AcceptResult, EventDraft } from '../../store/events/event-draft.ts';
import { isCancelled, isLockTimeout, StoreUnavailable } from '../../store/postgres/database.ts';
import { createCommitSchedule } from './commit-schedule.ts';
import { EventsUnderWay } from './events-under-way.ts';
import type { FilteredPosts } from './filtered-posts.ts';
import { createMatchWork } from './match-work.ts';
import { PostQueue, type QueuedPost } from './post-queue.ts';
import type { Saturation } from './saturation.ts';
import { createSeparatePosts } from './separate-posts.ts';
import { SEPARATE, SHARED, type StoreDrafts, type StoreOptions } from './store-drafts.ts';

/** Events in one shared transaction. Above this, the cost of a commit per event hardly falls any further. */
const MAX_POSTS_PER_COMMIT = 100;
/** The longest pause after a commit, so that at least 1,000 posts a second are stored, however large the claim backlog. */
const MAX_PAUSE_MS = 50;
/** After a shared transaction that took longer, it is found out whether the match of one project was the reason. */
const SLOW_MS = 250;

/** How long the first post of a project may wait before its next posts get a 503. */
const MAX_WAIT_MS = 2_000;
/** The same for posts that are stored separately, because an event with 10,000 deliveries may take seconds. */
const MAX_SEPARATE_WAIT_MS = 30_000;
/** Posts of a project whose match is heavy, in one transaction: those of the same type are matched once. */
const MAX_POSTS_OF_HEAVY = 20;

export type SinglePosts = {
  /** Resolves when the transaction with the event has ended. */
  accept(draft: EventDraft): Promise<AcceptResult>;
  /** Whether the posts of the project wait too long. A prompt refusal is better for the producer than a longer wait. */
  isBehind(projectId: string): boolean;
  /** Runs `work`, which stores these events in a transaction of its own. Posts of them wait until it has ended. */
  during<T>(drafts: EventDraft[], work: () => Promise<T>): Promise<T>;
};

export type SinglePostsDependencies = {
  store: StoreDrafts;
  filtering: FilteredPosts;
  /** For transactions that store the posts of one project. */
  withSlot: FairSemaphore;
  weightsOf: (scopes: Scope[]) => Promise<number[]>;
  hasClaimBacklog: () => boolean;
  afterShared: () => void;
  maxBytesPerTransaction: number;
  saturation: Saturation;
};

/** Stores the single posts of all projects in shared transactions, and separately those that would delay others. */
export function createSinglePosts({
  store,
  filtering,
  withSlot,
  weightsOf,
  hasClaimBacklog,
  afterShared,
  maxBytesPerTransaction,
  saturation,
}: SinglePostsDependencies): SinglePosts {
  const queue = new PostQueue();
  const eventsUnderWay = new EventsUnderWay((post) => requeue({ ...post, queuedAt: performance.now() }));
  const separatePosts = createSeparatePosts(withSlot, maxBytesPerTransaction, (posts) =>
    commit(posts, SEPARATE),
  );
  const matchWork = createMatchWork(weightsOf, (projectId) =>
    separatePosts.add(projectId, MAX_POSTS_OF_HEAVY),
  );
  const schedule = createCommitSchedule(queue, commitNext, hasClaimBacklog, saturation);
  /** Without the pause after a commit, which the schedule counts as running. */
  let sharedUnderWay = 0;

  /** The posts resolve at the commit; the pause only delays the next commit. */
  async function commitNext(): Promise<void> {
    const startedAt = performance.now();
    const posts = takeShared();
    sharedUnderWay += 1;
    await commit(posts, SHARED);
    sharedUnderWay -= 1;
    setImmediate(() => {
      if (sharedUnderWay === 0 && queue.size === 0) afterShared();
    });
    if (performance.now() - startedAt > SLOW_MS) matchWork.weigh(posts.map(({ draft }) => draft));
    if (hasClaimBacklog()) await sleep(Math.min(performance.now() - startedAt, MAX_PAUSE_MS));
  }

  /** Posts that were queued before their project was separated go with its later ones. */
  function takeShared(): QueuedPost[] {
    const shared: QueuedPost[] = [];
    const admits = matchWork.newTransaction();
    for (const post of queue.take(MAX_POSTS_PER_COMMIT, maxBytesPerTransaction, admits)) {
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

  return {
    isBehind: (projectId) =>
      queue.longestWaitMs(projectId) > MAX_WAIT_MS ||
      separatePosts.longestWaitMs(projectId) > MAX_SEPARATE_WAIT_MS,
    during: (drafts, work) => eventsUnderWay.during(drafts, work),
    accept: (draft) =>
      new Promise((resolve, reject) => {
        const post = { draft, queuedAt: performance.now(), resolve, reject };
        if (filtering.isExpected(draft)) filtering.evaluate(post).then(requeue, reject);
        else requeue(post);
      }),
  };
}
