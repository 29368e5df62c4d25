import type pg from 'pg';
import { isOutage, type Queryable, StoreUnavailable } from './database.ts';

/** Awaits `work` and throws StoreUnavailable if the connection or the server failed. */
export async function mapOutage<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw isOutage(error) && !(error instanceof StoreUnavailable) ? new StoreUnavailable(error) : error;
  }
}

/** Wraps a pool so that its queries throw StoreUnavailable during an outage. */
export function withOutageMapping(pool: pg.Pool): Queryable {
  const query = pool.query.bind(pool) as (...statement: unknown[]) => Promise<unknown>;
  return { query: ((...statement: unknown[]) => mapOutage(query(...statement))) as Queryable['query'] };
}
