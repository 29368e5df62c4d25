import { hash } from 'node:crypto';
import type pg from 'pg';
import type { Queryable } from '../../../src/store/postgres/database.ts';

type Plan = { 'Node Type': string; 'Relation Name'?: string; Plans?: Plan[]; [buffers: string]: unknown };
export type ExplainResult = { bufferPages: number; seqScannedTables: string[]; ms: number };
export type PlanMode = 'force_generic_plan' | 'force_custom_plan';

/**
 * Runs the statements of a store function with EXPLAIN, with generic plans, which pooled connections use after a few
 * executions. The pages of several statements are added up.
 */
export async function explainQueries(
  pool: pg.Pool,
  run: (db: Queryable) => Promise<unknown>,
  mode: PlanMode = 'force_generic_plan',
): Promise<ExplainResult> {
  const all: ExplainResult = { bufferPages: 0, seqScannedTables: [], ms: 0 };
  const client = await pool.connect();
  try {
    await client.query(`BEGIN; SET LOCAL plan_cache_mode = ${mode}`);
    const query = async (statement: string | pg.QueryConfig, values?: unknown[]) => {
      const { text, values: own } = typeof statement === 'string' ? { text: statement, values } : statement;
      const { rows } = await client.query({
        name: `${mode} ${hash('sha256', text)}`.slice(0, 60),
        text: `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${text}`,
        values: own ?? [],
      });
      const [{ Plan: plan, 'Execution Time': ms }] = rows[0]['QUERY PLAN'];
      all.bufferPages += Number(plan['Shared Hit Blocks']) + Number(plan['Shared Read Blocks']);
      all.seqScannedTables.push(...wholeTablesIn(plan));
      all.ms += ms;
      // Returns the rows to functions that need them for the next statement. A statement that writes has already run.
      if (!/\b(INSERT|UPDATE|DELETE)\b/.test(text)) return client.query(text, own ?? []);
      return { rows: [{ xid: null, readBelow: '0' }], rowCount: 1 };
    };
    await run({ query } as unknown as Queryable);
    return all;
  } finally {
    await client.query('ROLLBACK');
    client.release();
  }
}

const wholeTablesIn = (plan: Plan): string[] => [
  ...(plan['Node Type'] === 'Seq Scan' ? [plan['Relation Name'] ?? ''] : []),
  ...(plan.Plans ?? []).flatMap(wholeTablesIn),
];
