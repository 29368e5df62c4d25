import type { Call } from '../call.ts';
import type { AuditEntry, ListAuditEntriesQuery } from '../models.ts';
import { iteratePages, type Page } from '../pagination.ts';

export function auditOf(call: Call) {
  const list = (query: ListAuditEntriesQuery = {}): Promise<Page<AuditEntry>> =>
    call('GET', '/v1/audit', { query });
  return {
    /** The calls that changed something, newest first. With the admin key and no project: of all projects. */
    list,
    all: (query: Omit<ListAuditEntriesQuery, 'cursor'> = {}) =>
      iteratePages((page) => list({ ...query, ...page })),
  };
}
