import type { Call } from '../call.ts';
import type {
  Cancellation,
  ListCancellationsQuery,
  ListRecoveriesQuery,
  NewCancellation,
  NewRecovery,
  Recovery,
  RecoveryPreview,
} from '../models.ts';
import { iteratePages, type Page } from '../pagination.ts';
import { idPath } from '../path.ts';

export function recoveriesOf(call: Call) {
  const list = (query: ListRecoveriesQuery = {}): Promise<Page<Recovery>> =>
    call('GET', '/v1/recoveries', { query });
  return {
    /** Counts what `start` would send. */
    preview: (recovery: NewRecovery): Promise<RecoveryPreview> =>
      call('POST', '/v1/recoveries', { body: { ...recovery, dryRun: true } }),
    start: (recovery: Omit<NewRecovery, 'dryRun'>): Promise<Recovery> =>
      call('POST', '/v1/recoveries', { body: recovery }),
    get: (id: string): Promise<Recovery> => call('GET', idPath`/v1/recoveries/${id}`),
    list,
    all: (query: Omit<ListRecoveriesQuery, 'cursor'> = {}) =>
      iteratePages((page) => list({ ...query, ...page })),
    pause: (id: string): Promise<Recovery> => call('POST', idPath`/v1/recoveries/${id}/pause`),
    resume: (id: string): Promise<Recovery> => call('POST', idPath`/v1/recoveries/${id}/resume`),
    cancel: (id: string): Promise<Recovery> => call('POST', idPath`/v1/recoveries/${id}/cancel`),
  };
}

export function cancellationsOf(call: Call) {
  const list = (query: ListCancellationsQuery = {}): Promise<Page<Cancellation>> =>
    call('GET', '/v1/cancellations', { query });
  return {
    /** Counts what `start` would cancel. */
    preview: (cancellation: NewCancellation): Promise<RecoveryPreview> =>
      call('POST', '/v1/cancellations', { body: { ...cancellation, dryRun: true } }),
    start: (cancellation: Omit<NewCancellation, 'dryRun'>): Promise<Cancellation> =>
      call('POST', '/v1/cancellations', { body: cancellation }),
    get: (id: string): Promise<Cancellation> => call('GET', idPath`/v1/cancellations/${id}`),
    list,
    all: (query: Omit<ListCancellationsQuery, 'cursor'> = {}) =>
      iteratePages((page) => list({ ...query, ...page })),
    /** Ends it before it is done. */
    stop: (id: string): Promise<Cancellation> => call('POST', idPath`/v1/cancellations/${id}/cancel`),
  };
}
