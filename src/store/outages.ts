import type pg from 'pg';
import { isOutage, type Queryable, StoreUnavailable } from './database.ts';

/** The pool, saying StoreUnavailable for every failure that is Postgres's own and not the statement's. */
export function namingOutages(pool: pg.Pool): Queryable {
  const query = async (...statement: unknown[]): Promise<unknown> => {
    try {
      return await (pool.query as (...statement: unknown[]) => Promise<unknown>)(...statement);
    } catch (error) {
      throw isOutage(error) ? new StoreUnavailable(error) : error;
    }
  };
  return { query: query as Queryable['query'] };
}
