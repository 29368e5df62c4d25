import type { CompiledSchema } from '../json-schema/compile-schema.ts';
import { measureData } from '../json-schema/cost/measure-data.ts';
import type { EventDraft } from '../store/events/event-draft.ts';

/** What filters are evaluated over. */
export type FilteredEvent = Pick<EventDraft, 'type' | 'attributes' | 'data'>;

/** An event as filters see it, with the work that is left for their evaluation. */
export type FilterInput = {
  document: { type: string; attributes: Record<string, string>; data: unknown };
  bytes: number;
  valueCount: number;
  budget: number;
};

/**
 * The work for all filters of one event, in comparisons of a value, each of which takes up to 0.3 µs: together as much as
 * the data of an event may take against the schema of its type (docs/decisions/0007).
 */
const EVALUATION_BUDGET = 2_000_000;

/** Throws if the data is nested too deep, which the API refuses. */
export function filterInput({ type, attributes, data }: FilteredEvent): FilterInput {
  const document = { type, attributes, data: JSON.parse(data.toString('utf8')) };
  const bytes = data.length + JSON.stringify([type, attributes]).length;
  return { document, bytes, valueCount: measureData(document).valueCount, budget: EVALUATION_BUDGET };
}

/** `too_costly`: the budget of the event is used up, or would be. */
export type FilterResult = 'match' | 'mismatch' | 'too_costly';

/** Evaluates a filter, and takes what that costs from the budget of the event. */
export function evaluateFilter({ cost, matches }: CompiledSchema, input: FilterInput): FilterResult {
  const { document, bytes, valueCount } = input;
  const comparisons =
    cost.total +
    valueCount * cost.perItem +
    bytes * Math.min(1, cost.patterns) +
    Math.ceil((bytes * cost.textReads) / 100);
  if (comparisons > input.budget) return 'too_costly';
  input.budget -= comparisons;
  try {
    return matches(document, bytes) ? 'match' : 'mismatch';
  } catch {
    // The patterns take too long.
    return 'too_costly';
  }
}
