import type pg from 'pg';
import { isOutage, type Queryable, StoreUnavailable } from './database.ts';

/** Says StoreUnavailable for every failure that is Postgres's own and not the statement's. */
export async function mapOutage<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw isOutage(error) && !(error instanceof StoreUnavailable) ? new StoreUnavailable(error) : error;
  }
}

/** The pool, with its outages named. */
export function withOutageMapping(pool: pg.Pool): Queryable {
  const query = pool.query.bind(pool) as (...statement: unknown[]) => Promise<unknown>;
  return { query: ((...statement: unknown[]) => mapOutage(query(...statement))) as Queryable['query'] };
}
