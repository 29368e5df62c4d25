import type { Queryable } from '../postgres/database.ts';
import { blockingSessions, describeSession } from './blocking-sessions.ts';
import type { Migration } from './migration-files.ts';
import { recordApplied } from './migration-history.ts';
import type { MigrationSession } from './migration-session.ts';
import { whileRunning } from './while-running.ts';

export type IndexStatement = { kind: 'create' | 'drop'; index: string; sql: string };

/**
 * Builds and drops indexes. If this is interrupted, all statements run again. A build that is interrupted or fails leaves an
 * invalid index, which no query uses and every write updates: the next run drops it and builds it anew. There is no lock
 * timeout: these statements wait for the end of other transactions, which may take long, and nothing but another change of
 * the schema waits behind them.
 */
export async function runOutsideTransaction(
  session: MigrationSession,
  migration: Migration,
  progressMs: number,
): Promise<void> {
  const { client, observer, pid, log } = session;
  const { name } = migration;
  for (const { kind, index, sql } of indexStatements(migration.sql)) {
    const run = async () => {
      if (kind === 'create' && (await isInvalid(client, index))) {
        log(`${name}: dropping the invalid index ${index} of an earlier run.`);
        await client.query(`DROP INDEX CONCURRENTLY IF EXISTS ${index}`);
      }
      await client.query(sql);
    };
    const doing = `${kind === 'create' ? 'building' : 'dropping'} the index ${index} beside the writes`;
    const report = async () => log(`${name}: ${doing}; ${await describeProgress(observer, pid)}`);
    await whileRunning(run, progressMs, report);
  }
  await recordApplied(client, migration);
}

const CREATE = /^CREATE (?:UNIQUE )?INDEX CONCURRENTLY (IF NOT EXISTS )?(\w+) ON\b/i;
const DROP = /^DROP INDEX CONCURRENTLY IF EXISTS (\w+)$/i;

/** Returns the statements of a migration that runs outside a transaction. Throws if one of them cannot be repeated. */
export function indexStatements(text: string): IndexStatement[] {
  const dropped = new Set<string>();
  return text
    .replaceAll(/^\s*--.*$/gm, '')
    .split(/;\s*(?:\n|$)/)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '')
    .map((sql) => {
      const words = sql.replaceAll(/\s+/g, ' ');
      const drops = DROP.exec(words)?.[1];
      if (drops) {
        dropped.add(drops);
        return { kind: 'drop', index: drops, sql };
      }
      const [, ifNotExists, creates] = CREATE.exec(words) ?? [];
      if (creates && (ifNotExists || dropped.has(creates))) return { kind: 'create', index: creates, sql };
      throw new Error(
        'outside a transaction, every statement has to be CREATE INDEX CONCURRENTLY IF NOT EXISTS or ' +
          'DROP INDEX CONCURRENTLY IF EXISTS, because it is repeated after an interruption',
      );
    });
}

async function isInvalid(db: Queryable, index: string): Promise<boolean> {
  const { rowCount } = await db.query(SELECT_INVALID, [index]);
  return rowCount === 1;
}

type IndexProgress = { phase: string; done: string; total: string };

async function describeProgress(db: Queryable, pid: number): Promise<string> {
  const { rows } = await db.query<IndexProgress>(SELECT_PROGRESS, [pid]);
  const blockers = await blockingSessions(db, pid);
  const phase = rows[0] ? describePhase(rows[0]) : 'working';
  return blockers.length > 0
    ? `${phase}; waits for ${blockers.map(describeSession).join(' and ')}.`
    : `${phase}.`;
}

const describePhase = ({ phase, done, total }: IndexProgress): string =>
  Number(total) > 0 ? `${phase}, ${Math.floor((100 * Number(done)) / Number(total))} %` : phase;

const SELECT_INVALID = 'SELECT FROM pg_index WHERE indexrelid = to_regclass($1) AND NOT indisvalid';

// Some phases count blocks, others tuples.
const SELECT_PROGRESS = `
  SELECT phase,
    CASE WHEN blocks_total > 0 THEN blocks_done ELSE tuples_done END AS done,
    CASE WHEN blocks_total > 0 THEN blocks_total ELSE tuples_total END AS total
  FROM pg_stat_progress_create_index WHERE pid = $1`;
