import type pg from 'pg';

export type TableSize = { table: string; heap: number; indexes: number; total: number };

const SIZES = `
  SELECT relname AS table, pg_table_size(oid)::float8 AS heap, pg_indexes_size(oid)::float8 AS indexes,
         pg_total_relation_size(oid)::float8 AS total
  FROM pg_class
  WHERE relname IN ('events', 'deliveries', 'attempts', 'outcomes') AND relnamespace = 'public'::regnamespace
  ORDER BY total DESC`;

/** Returns the bytes on disk of the tables that grow with each delivery. `heap` includes values that are stored out of line. */
export const tableSizes = async (pool: Pick<pg.Pool, 'query'>): Promise<TableSize[]> =>
  (await pool.query<TableSize>(SIZES)).rows;
