import { setTimeout as sleep } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import type pg from 'pg';
import type { Acceptor } from '../api/ports.ts';
import { createFairSemaphore } from '../limits/fair-semaphore.ts';
import { SharedCapacity, sharesOf } from '../limits/shared-capacity.ts';
import type { SecretBox } from '../secrets/secret-box.ts';
import { acceptEvents, type NewDelivery } from '../store/events/accept-events.ts';
import type { AcceptResult, EventDraft } from '../store/events/event-draft.ts';
import { FanOutTooLarge } from '../store/events/match-receivers.ts';
import { isOutage, Overloaded, ProjectShareExhausted, StoreUnavailable } from '../store/postgres/database.ts';
import type { Dispatcher } from './dispatcher.ts';
import { draftBytes, PostQueue, type QueuedPost } from './post-queue.ts';

/** Events in one transaction: past this the commit's cost is spread thin enough. */
const MAX_GROUP = 100;
/** Transactions at once: while one waits for its fsync, the next collects and writes. */
const MAX_COMMITTING = 2;
/** A transaction costs as much as writing ten events: a second one begins beside the first only for company. */
const SECOND_FROM = 16;
/** Batches in transactions at once, beside those: ten of 15 MB together took each of them ten seconds. */
const MAX_BATCHES = 3;
/** Of one project: another's batch then never waits for the end of a large one. */
const MAX_BATCHES_OF_PROJECT = 2;
/** Posts that may wait for a transaction; beyond its share of it a producer is told to come back (429). */
const MAX_WAITING = 20_000;
/** Once a project's first post has waited this long, its next ones are told to come back (503). */
const LONGEST_WAIT_MS = 2_000;

/** So 1,000 posts a second and more are stored however far behind deliveries are. */
const LONGEST_PAUSE_MS = 50;
/** A project is taken for one with thousands of endpoints for this long after its events were too much at once. */
const WIDE_FOR_MS = 60_000;
const WIDE_PROJECTS = 1_000;

/** `group`: a common transaction takes no more once it has as many. `held`: what waits or is being written. */
export type AcceptByteLimits = { maxPerTransaction: number; maxInMemory: number };
/** Each byte is there several times over while it is written: as hex, and in the buffers of the connection. */
const BYTES: AcceptByteLimits = { maxPerTransaction: 4 * 1024 * 1024, maxInMemory: 128 * 1024 * 1024 };

/** Stores concurrent posts in common transactions, and starts their workflows once they are committed. */
export function createAcceptor({
  pool,
  box,
  dispatcher,
  processId,
  hasClaimBacklog = () => false,
  byteLimits = BYTES,
}: {
  pool: pg.Pool;
  box: SecretBox;
  dispatcher: Dispatcher;
  processId?: string | null;
  /** Deliveries wait for a worker that shares this process: storing more leaves it half of the time. */
  hasClaimBacklog?: () => boolean;
  byteLimits?: AcceptByteLimits;
}): Acceptor {
  const inBatchTurn = createFairSemaphore(MAX_BATCHES, MAX_BATCHES_OF_PROJECT);
  const bytesHeld = new SharedCapacity(byteLimits.maxInMemory);
  const places = new SharedCapacity(MAX_WAITING);
  const waiting = new PostQueue();
  const wideProjects = new LRUCache<string, true>({ max: WIDE_PROJECTS, ttl: WIDE_FOR_MS });
  let committing = 0;

  /** Refuses when the share is used up, not when this does not fit: else a large batch would never find enough of it. */
  async function whileHeld<T>(projectId: string, drafts: EventDraft[], work: () => Promise<T>): Promise<T> {
    const shares = sharesOf(projectId, null);
    // More is posted than can be written: an answer in time is worth more than a place at the end of a long queue.
    if (waiting.longestWaitMs(projectId) > LONGEST_WAIT_MS) throw new Overloaded('posts wait too long');
    if (!bytesHeld.hasCapacity(shares, 1)) throw new ProjectShareExhausted('too many bytes wait');
    if (!places.hasCapacity(shares, 1)) throw new ProjectShareExhausted('too many posts wait');
    const own = drafts.reduce((sum, draft) => sum + draftBytes(draft), 0);
    bytesHeld.take(shares, own);
    places.take(shares, 1);
    try {
      return await work();
    } finally {
      bytesHeld.release(shares, own);
      places.release(shares, 1);
    }
  }

  function commitNext(): void {
    const mayCommit = () => committing === 0 || (committing < MAX_COMMITTING && waiting.size >= SECOND_FROM);
    while (waiting.size > 0 && mayCommit()) {
      const group = waiting.take(MAX_GROUP, byteLimits.maxPerTransaction);
      committing += 1;
      void commitAndPause(group).finally(() => {
        committing -= 1;
        commitNext();
      });
    }
  }

  /** A commit resolves its posts; the pause only puts the next one off. */
  async function commitAndPause(group: QueuedPost[]): Promise<void> {
    const began = performance.now();
    await commit(group);
    if (hasClaimBacklog()) await sleep(Math.min(performance.now() - began, LONGEST_PAUSE_MS));
  }

  async function commit(group: QueuedPost[]): Promise<void> {
    try {
      const results = await store(
        group.map(({ draft }) => draft),
        false,
      );
      for (const [place, one] of group.entries()) one.resolve(results[place]!);
    } catch (error) {
      if (error instanceof StoreUnavailable || group.length === 1) for (const one of group) one.reject(error);
      else if (error instanceof FanOutTooLarge) storeApart(group, error.projectIds);
      else for (const one of group) await commit([one]);
    }
  }

  /** Events that go to thousands of endpoints take their turns with batches: the others' posts do not wait for them. */
  function storeApart(group: QueuedPost[], projectIds: string[]): void {
    for (const projectId of projectIds) wideProjects.set(projectId, true);
    for (const one of group) {
      const { projectId } = one.draft;
      if (projectIds.length === 0 || wideProjects.has(projectId))
        void inBatchTurn(projectId, () => commit([one]));
      else waiting.push(one);
    }
    commitNext();
  }

  async function store(drafts: EventDraft[], allOrNone: boolean): Promise<AcceptResult[]> {
    const assigned: NewDelivery[] = [];
    let unowned = 0;
    const assign = (deliveries: NewDelivery[]): void => {
      dispatcher.assignNew(deliveries);
      assigned.push(...deliveries.filter(({ owner }) => owner !== null));
      unowned += deliveries.filter(({ owner, waitingFor }) => owner === null && waitingFor === null).length;
    };
    const write = () => acceptEvents(pool, box, drafts, assign, allOrNone, processId);
    let started: NewDelivery[] = [];
    let mayBeStored = false;
    try {
      // Once more on a broken connection: the ids are fixed, so what did commit is found, not doubled.
      const batch = await write().catch((error) => {
        mayBeStored = isOutage(error);
        if (mayBeStored) return write();
        throw error;
      });
      started = batch.assigned;
      return batch.results;
    } catch (error) {
      throw isOutage(error) ? new StoreUnavailable(error) : error;
    } finally {
      const kept = new Set(started);
      dispatcher.abandon(
        assigned.filter((delivery) => !kept.has(delivery)),
        mayBeStored,
      );
      dispatcher.start(started, unowned);
    }
  }

  const queue = (draft: EventDraft): Promise<AcceptResult> =>
    new Promise((resolve, reject) => {
      const post = { draft, queuedAt: performance.now(), resolve, reject };
      if (wideProjects.has(draft.projectId)) return void inBatchTurn(draft.projectId, () => commit([post]));
      waiting.push(post);
      // Not at once: posts that arrived in the same turn of the event loop share the transaction.
      if (waiting.size === 1) setImmediate(commitNext);
    });

  return {
    acceptOne: (draft) => whileHeld(draft.projectId, [draft], () => queue(draft)),
    acceptAll: async (drafts) => {
      const projectId = drafts[0]?.projectId ?? '';
      return whileHeld(projectId, drafts, () => inBatchTurn(projectId, () => store(drafts, true)));
    },
  };
}
