import { LRUCache } from 'lru-cache';
import type { EvaluateFilters } from '../../filters/filter-evaluator.ts';
import { FiltersNeeded } from '../../store/events/accept/event-filters.ts';
import type { EventDraft } from '../../store/events/event-draft.ts';
import { Overloaded } from '../../store/postgres/database.ts';
import type { QueuedPost } from './post-queue.ts';

/** Projects whose events met filters lately: these are evaluated before the first transaction, not after it was in vain. */
const MAX_PROJECTS = 10_000;
const EXPECTED_FOR_MS = 60_000;
/** Each further evaluation means that a filter was changed in between. */
const MAX_EVALUATIONS = 5;
/** A prompt 503 is better for the producer than a long wait for the filters of its other posts. */
const MAX_WAIT_MS = 5_000;

export type FilteredPosts = {
  /** Whether events of the project are likely to meet filters. */
  isExpected(draft: EventDraft): boolean;
  /** Returns the post with the results of the filters. Rejects after too many evaluations. */
  evaluate(post: QueuedPost): Promise<QueuedPost>;
  /** Runs `store`, and again with the results of filters if it needs them. */
  withResults<T>(drafts: EventDraft[], store: (drafts: EventDraft[]) => Promise<T>): Promise<T>;
};

export function createFilteredPosts(evaluateFilters: EvaluateFilters): FilteredPosts {
  const expected = new LRUCache<string, true>({ max: MAX_PROJECTS, ttl: EXPECTED_FOR_MS });

  return {
    isExpected: ({ projectId }) => expected.has(projectId),

    async evaluate(post) {
      const { evaluations = 0, draft } = post;
      if (evaluations >= MAX_EVALUATIONS) throw new Overloaded('the filters of the project change too often');
      expected.set(draft.projectId, true);
      const [evaluated] = await evaluateFilters([draft], post.queuedAt + MAX_WAIT_MS);
      return { ...post, draft: evaluated!, evaluations: evaluations + 1 };
    },

    async withResults(drafts, store) {
      for (let evaluated = drafts, evaluations = 0; ; evaluations++) {
        try {
          return await store(evaluated);
        } catch (error) {
          if (!(error instanceof FiltersNeeded)) throw error;
          if (evaluations >= MAX_EVALUATIONS)
            throw new Overloaded('the filters of the project change too often');
          evaluated = await evaluateFilters(drafts);
        }
      }
    },
  };
}
