import type { Call } from '../call.ts';
import type { Dismissal, Failures, ListFailuresQuery, NewDismissal } from '../models.ts';

export function failuresOf(call: Call) {
  return {
    /** What needs attention, in groups with the same cause. */
    list: (query: ListFailuresQuery = {}): Promise<Failures> => call('GET', '/v1/failures', { query }),
  };
}

export function dismissalsOf(call: Call) {
  return {
    create: (dismissal: NewDismissal): Promise<Dismissal> =>
      call('POST', '/v1/dismissals', { body: dismissal }),
  };
}
