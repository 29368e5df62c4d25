import type pg from 'pg';
import { type Caller, createTenantSemaphore } from '../../limits/tenant-semaphore.ts';
import { queryUntilAborted } from '../../store/postgres/abortable-query.ts';
import { type Queryable, sqlState } from '../../store/postgres/database.ts';
import { mapOutage } from '../../store/postgres/map-outages.ts';
import { Problem } from '../problems/problem.ts';
import type { ProblemCode } from '../problems/problem-codes.ts';
import { asQuotaExceeded } from './call-quotas.ts';

/** Queries of one caller that may wait: far more than a client sends at once, and one or two seconds of work. */
const MAX_WAITING_PER_CALLER = 500;

const QUERY_CANCELED = '57014';

/** The problems that every list can return in addition to its own. */
export const READ_PROBLEMS: ProblemCode[] = ['query_timeout'];

/**
 * A connection for the reads of one caller, within the limits of its tenant. When `signal` aborts, Postgres cancels the
 * statement that runs, and later ones throw.
 */
export type TenantReadPool = (caller: Caller, signal?: AbortSignal) => Queryable;

/**
 * Divides a pool of connections between tenants: a project may use half of them, and its own keys or one consumer a
 * quarter. A tenant that sends many reads waits for its own reads and does not delay others.
 */
export function createTenantReadPool(pool: pg.Pool): TenantReadPool {
  const maxConcurrent = pool.options.max;
  const semaphore = createTenantSemaphore({
    maxConcurrent,
    maxPerProject: Math.max(1, Math.floor(maxConcurrent / 2)),
    maxPerCaller: Math.max(1, Math.floor(maxConcurrent / 4)),
    maxWaitingPerCaller: MAX_WAITING_PER_CALLER,
  });
  const query = pool.query.bind(pool) as (...statement: unknown[]) => Promise<unknown>;

  return (caller, signal) => ({
    query: (async (...statement: unknown[]) => {
      const release = await semaphore.acquire(caller).catch(asQuotaExceeded);
      try {
        const result = signal ? queryUntilAborted(pool, signal, statement) : query(...statement);
        return await mapOutage(result.catch(asQueryTimeout));
      } finally {
        release();
      }
    }) as Queryable['query'],
  });
}

function asQueryTimeout(error: unknown): never {
  if (sqlState(error) === QUERY_CANCELED) {
    throw new Problem('query_timeout', undefined, { headers: { 'retry-after': '5' } });
  }
  throw error;
}
