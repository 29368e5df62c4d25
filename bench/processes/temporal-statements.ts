import pg from 'pg';
import type { Cluster } from '../../test/cluster/servers/start-cluster.ts';

/** What Temporal's server has asked of Postgres since the last `reset`. */
export type TemporalStatements = {
  /** Execution time of all its statements. */
  totalMs: number;
  /** Of those on its visibility store, which its lists and searches read. */
  visibilityMs: number;
  /** How much the visibility store has grown. */
  visibilityBytes: number;
};

const RESET = 'SELECT pg_stat_statements_reset()';
const TOTALS = `
  SELECT coalesce(sum(total_exec_time), 0)::float8 AS "totalMs",
         coalesce(sum(total_exec_time) FILTER (WHERE datname = 'temporal_visibility'), 0)::float8 AS "visibilityMs"
  FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid
  WHERE datname IN ('temporal', 'temporal_visibility')`;
const SIZE = `SELECT pg_database_size('temporal_visibility')::float8 AS bytes`;

/** Reads pg_stat_statements of a cluster that has it. */
export async function watchTemporalStatements({ postgres }: Cluster): Promise<{
  reset(): Promise<void>;
  read(): Promise<TemporalStatements>;
  end(): Promise<void>;
}> {
  const client = new pg.Client({ connectionString: postgres.urlOf('postgres') });
  await client.connect();
  const size = async () => (await client.query<{ bytes: number }>(SIZE)).rows[0]!.bytes;
  let sizeBefore = await size();
  return {
    async reset() {
      await client.query(RESET);
      sizeBefore = await size();
    },
    async read() {
      const { rows } = await client.query<Omit<TemporalStatements, 'visibilityBytes'>>(TOTALS);
      return { ...rows[0]!, visibilityBytes: (await size()) - sizeBefore };
    },
    end: () => client.end(),
  };
}
