import type pg from 'pg';
import type { Queryable } from '../../../src/store/postgres/database.ts';

type Plan = { 'Node Type': string; 'Relation Name'?: string; Plans?: Plan[]; [buffers: string]: unknown };
export type ExplainResult = { bufferPages: number; seqScannedTables: string[]; ms: number };
export type PlanMode = 'force_generic_plan' | 'force_custom_plan';

let prepared = 0;

/**
 * Runs the statements of a store function with EXPLAIN, with generic plans, as pooled connections do. They are prepared
 * first: EXPLAIN of a statement with parameters always plans for their values. The pages of several statements are added up.
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
      const name = `explained_${++prepared}`;
      await client.query(`PREPARE ${name} AS ${text}`);
      const literals: string[] = [];
      for (const value of own ?? []) literals.push(await literalOf(client, value));
      const call = literals.length > 0 ? `${name}(${literals.join(', ')})` : name;
      const { rows } = await client.query(`EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE ${call}`);
      const [{ Plan: plan, 'Execution Time': ms }] = rows[0]['QUERY PLAN'];
      all.bufferPages += Number(plan['Shared Hit Blocks']) + Number(plan['Shared Read Blocks']);
      all.seqScannedTables.push(...wholeTablesIn(plan));
      all.ms += ms;
      // Returns the rows to functions that need them for the next statement. A statement that writes has already run.
      if (!/\b(INSERT|(?<!FOR )UPDATE|DELETE)\b/.test(text)) return client.query(text, own ?? []);
      return { rows: [{ xid: null, readBelow: '0' }], rowCount: 1 };
    };
    await run({ query } as unknown as Queryable);
    return all;
  } finally {
    await client.query('ROLLBACK');
    client.release();
  }
}

/** A value as SQL. Postgres quotes the text that pg sends for it. */
async function literalOf(client: pg.PoolClient, value: unknown): Promise<string> {
  if (Buffer.isBuffer(value)) {
    const items = itemsOfArray(value);
    return items ? literalOf(client, items) : `'\\x${value.toString('hex')}'::bytea`;
  }
  const { rows } = await client.query<{ literal: string }>('SELECT quote_nullable($1::text) AS literal', [
    value,
  ]);
  return rows[0]!.literal;
}

const OIDS = { int4: 23, text: 25 };
const HEADER_BYTES = 20;

/** The items of what textArray and intArray encode; null for other bytes. */
function itemsOfArray(bytes: Buffer): (string | number | null)[] | null {
  if (bytes.length < HEADER_BYTES || bytes.readInt32BE(0) !== 1) return null;
  const oid = bytes.readInt32BE(8);
  if (oid !== OIDS.int4 && oid !== OIDS.text) return null;
  const items: (string | number | null)[] = [];
  for (let at = HEADER_BYTES; at < bytes.length; ) {
    const length = bytes.readInt32BE(at);
    at += 4;
    if (length < 0) items.push(null);
    else items.push(oid === OIDS.int4 ? bytes.readInt32BE(at) : bytes.toString('utf8', at, at + length));
    at += Math.max(0, length);
  }
  return items;
}

const wholeTablesIn = (plan: Plan): string[] => [
  ...(plan['Node Type'] === 'Seq Scan' ? [plan['Relation Name'] ?? ''] : []),
  ...(plan.Plans ?? []).flatMap(wholeTablesIn),
];

type Statement = (db: Queryable) => Promise<unknown>;

/** Expects that a store function scans none of these tables and reads at most so many pages, whatever its plan knows of its values. */
export async function expectToReadFew(
  pool: pg.Pool,
  run: Statement,
  { large, maxPages }: { large: string[]; maxPages: number },
): Promise<void> {
  for (const mode of ['force_generic_plan', 'force_custom_plan'] as const) {
    const { bufferPages, seqScannedTables } = await explainQueries(pool, run, mode);
    const scanned = seqScannedTables.filter((table) => large.includes(table));
    expect({ mode, scanned }).toEqual({ mode, scanned: [] });
    expect({ mode, tooMany: bufferPages > maxPages ? bufferPages : 0 }).toEqual({ mode, tooMany: 0 });
  }
}
