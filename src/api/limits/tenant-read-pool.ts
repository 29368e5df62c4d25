import type pg from 'pg';
import { type Caller, createTenantSemaphore, TooManyWaiting } from '../../limits/tenant-semaphore.ts';
import { type Queryable, sqlState } from '../../store/postgres/database.ts';
import { mapOutage } from '../../store/postgres/map-outages.ts';
import { Problem } from '../problems/problem.ts';
import type { ProblemCode } from '../problems/problem-codes.ts';

/** Statements of one party that may wait: many more than its callers ask for at once, and a second or two of work. */
const WAITING_OF_PARTY = 500;

const QUERY_CANCELED = '57014';

/** What every list may answer besides its own problems. */
export const READ_PROBLEMS: ProblemCode[] = ['query_timeout'];

/** What calls read with, each under the name of its tenant. */
export type TenantReadPool = (party: Caller) => Queryable;

/**
 * The pool of reads, whose connections are taken in turn: half of them may be one project's, a quarter its own
 * keys' or one consumer's.
 * However much a tenant asks for, it waits for itself.
 */
export function createTenantReadPool(pool: pg.Pool): TenantReadPool {
  const maxConcurrent = pool.options.max;
  const turns = createTenantSemaphore({
    maxConcurrent,
    maxPerProject: Math.max(1, Math.floor(maxConcurrent / 2)),
    maxPerCaller: Math.max(1, Math.floor(maxConcurrent / 4)),
    maxWaitingPerCaller: WAITING_OF_PARTY,
  });
  const query = pool.query.bind(pool) as (...statement: unknown[]) => Promise<unknown>;

  return (party) => ({
    query: (async (...statement: unknown[]) => {
      const end = await turns.acquire(party).catch(asProblem);
      try {
        return await mapOutage(query(...statement).catch(asProblem));
      } finally {
        end();
      }
    }) as Queryable['query'],
  });
}

function asProblem(error: unknown): never {
  if (error instanceof TooManyWaiting) {
    const detail = 'More of your reads wait for their turn than may. Read fewer things at a time.';
    throw new Problem('quota_exceeded', detail, { headers: { 'retry-after': '1' } });
  }
  if (sqlState(error) === QUERY_CANCELED) {
    throw new Problem('query_timeout', undefined, { headers: { 'retry-after': '5' } });
  }
  throw error;
}
