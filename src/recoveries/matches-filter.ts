import { compileFilter } from '../filters/compile-filter.ts';
import { evaluateFilter, filterInput } from '../filters/evaluate-filter.ts';
import type { MatchesFilter } from '../store/recoveries/filtered-events.ts';

/** As at acceptance: an event whose comparison costs too much is sent. */
export const matchesFilter: MatchesFilter = async (projectId, filter, event) => {
  const compiled = await compileFilter(filter, projectId);
  return 'problems' in compiled || evaluateFilter(compiled, filterInput(event)) !== 'mismatch';
};
