import type pg from 'pg';
import { type AuditShares, removeExcessAuditEntries } from '../../store/audit/audit-retention.ts';
import type { RemoveBatch } from './batches.ts';

/** Counting the entries of a project reads all that are kept, so it is done less often than each minute. */
const INTERVAL_MS = 60 * 60_000;

/** Removes entries of the audit trail beyond the shares, at once and then every hour: each batch looks at one project. */
export function createAuditCount(pool: pg.Pool, shares: AuditShares): RemoveBatch {
  let nextAt = 0;
  let project: string | null = '';
  return async () => {
    if (performance.now() < nextAt) return false;
    project = await removeExcessAuditEntries(pool, project ?? '', shares);
    if (project !== null) return true;
    nextAt = performance.now() + INTERVAL_MS;
    return false;
  };
}
