import type pg from 'pg';
import type { Acceptor } from '../../api/ports.ts';
import { createFilterEvaluator } from '../../filters/filter-evaluator.ts';
import { createFairSemaphore } from '../../limits/fair-semaphore.ts';
import { SharedCapacity, sharesOf } from '../../limits/shared-capacity.ts';
import type { SecretBox } from '../../secrets/secret-box.ts';
import { FanOutTooLarge } from '../../store/events/accept/match-receivers.ts';
import { matchWeights } from '../../store/events/accept/match-weights.ts';
import type { AcceptResult, EventDraft } from '../../store/events/event-draft.ts';
import { Overloaded, ProjectShareExhausted } from '../../store/postgres/database.ts';
import type { Reserve } from '../reservation.ts';
import { createFilteredPosts } from './filtered-posts.ts';
import { draftBytes } from './post-queue.ts';
import { createSaturation, type Saturation } from './saturation.ts';
import { createSinglePosts } from './single-posts.ts';
import { BATCH, createStoreDrafts } from './store-drafts.ts';

/** Concurrent batches, each in a transaction of its own: ten concurrent batches of 15 MB took ten seconds each. */
const MAX_BATCHES = 3;
/** Concurrent batches of one project, so that another project never waits for the end of a large one. */
const MAX_BATCHES_PER_PROJECT = 2;
/** Posts that may wait for a transaction. A project beyond its share of them gets a 429. */
const MAX_QUEUED_POSTS = 20_000;
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
  afterShared = () => {},
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
  /** Called after a shared transaction, once its posts have their responses, if no other is under way and no post waits. */
  afterShared?: () => void;
  byteLimits?: AcceptByteLimits;
  saturation?: Saturation;
}): Acceptor {
  const batchSemaphore = createFairSemaphore(MAX_BATCHES, MAX_BATCHES_PER_PROJECT);
  const byteCapacity = new SharedCapacity(byteLimits.maxInMemory);
  const postSlots = new SharedCapacity(MAX_QUEUED_POSTS);
  const filtering = createFilteredPosts(createFilterEvaluator(pool));
  const store = createStoreDrafts({ pool, box, reserve, withDetails, processId });
  const singlePosts = createSinglePosts({
    store,
    filtering,
    withSlot: batchSemaphore,
    weightsOf: (scopes) => matchWeights(pool, scopes),
    hasClaimBacklog,
    afterShared,
    maxBytesPerTransaction: byteLimits.maxPerTransaction,
    saturation,
  });

  /** Refuses only if the share is used up already. If the post had to fit, a large batch would be refused forever. */
  async function withCapacity<T>(
    projectId: string,
    drafts: EventDraft[],
    work: () => Promise<T>,
  ): Promise<T> {
    const shares = sharesOf(projectId, null);
    // More is posted than can be stored.
    if (singlePosts.isBehind(projectId)) throw new Overloaded('posts wait too long for a transaction');
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

  const storeBatch = (drafts: EventDraft[]): Promise<AcceptResult[]> =>
    filtering
      .withResults(drafts, (evaluated) => singlePosts.during(evaluated, () => store(evaluated, BATCH)))
      .catch((error) => {
        if (error instanceof FanOutTooLarge) return drafts.map(() => ({ kind: 'batch_too_large' }));
        throw error;
      });

  return {
    acceptOne: (draft) => withCapacity(draft.projectId, [draft], () => singlePosts.accept(draft)),
    acceptAll: async (drafts) => {
      const projectId = drafts[0]?.projectId ?? '';
      return withCapacity(projectId, drafts, () => batchSemaphore(projectId, () => storeBatch(drafts)));
    },
  };
}
