import { createFairSemaphore } from '../limits/fair-semaphore.ts';
import { createTimeSlices } from '../limits/time-slices.ts';
import { type EventFilter, filtersFor, hasFilters } from '../store/events/accept/event-filters.ts';
import type { EventDraft } from '../store/events/event-draft.ts';
import { Overloaded, type Queryable } from '../store/postgres/database.ts';
import { compileFilter } from './compile-filter.ts';
import { evaluateFilter, filterInput } from './evaluate-filter.ts';

/** Events that are compared with filters at the same time; one of each project, so that projects take turns. */
const MAX_CONCURRENT = 4;
/** Of these, for whether there are filters. Posts would otherwise take all connections. */
const MAX_LOOKUPS_OF_PROJECT = 2;

/**
 * Evaluates the filters that an event may meet, before the transaction that stores it: in there, the events of other projects
 * would wait. Returns the drafts with the results. Throws Overloaded if one has not had its turn by `giveUpAt`
 * (performance.now()).
 */
export type EvaluateFilters = (drafts: EventDraft[], giveUpAt?: number) => Promise<EventDraft[]>;

export function createFilterEvaluator(db: Queryable): EvaluateFilters {
  const lookUp = createFairSemaphore(MAX_CONCURRENT, MAX_LOOKUPS_OF_PROJECT);
  const inTurn = createFairSemaphore(MAX_CONCURRENT, 1);
  const slicesOf = createTimeSlices();

  async function evaluate(draft: EventDraft, filters: EventFilter[]): Promise<EventDraft> {
    const slices = slicesOf(draft.projectId);
    const input = filterInput(draft);
    const verdicts = new Map<string, boolean>();
    for (const { hash, text } of filters) {
      const compiled = await compileFilter(text, draft.projectId);
      await slices.yieldIfDue();
      // Better an event too many than one that is missing. A stored filter compiles, as it did when it was set.
      verdicts.set(hash, 'problems' in compiled || evaluateFilter(compiled, input) !== 'mismatch');
    }
    return { ...draft, filterVerdicts: verdicts };
  }

  return async (drafts, giveUpAt = Number.POSITIVE_INFINITY) => {
    const isFiltered = new Map<string | null, boolean>();
    // Of one consumer only: a batch may have events of a thousand.
    let read: { consumer: string | null; filters: EventFilter[] } | null = null;
    const filtersOf = async (draft: EventDraft): Promise<EventFilter[]> => {
      if (read?.consumer !== draft.consumer)
        read = { consumer: draft.consumer, filters: await filtersFor(db, draft) };
      return read.filters;
    };
    const evaluated: EventDraft[] = [];
    for (const draft of drafts) {
      const { projectId, consumer } = draft;
      const filtered = isFiltered.get(consumer) ?? (await lookUp(projectId, () => hasFilters(db, draft)));
      isFiltered.set(consumer, filtered);
      evaluated.push(
        filtered
          ? await inTurn(projectId, async () => {
              if (performance.now() > giveUpAt) throw new Overloaded('posts wait too long for their filters');
              // Only now: they are up to 4 MB, and thousands of posts may wait for their turn.
              return evaluate(draft, await filtersOf(draft));
            })
          : { ...draft, filterVerdicts: new Map() },
      );
    }
    return evaluated;
  };
}
