import { setTimeout as sleep } from 'node:timers/promises';
import { inTransactionWithLockTries, type LockTries } from './lock-tries.ts';
import type { Migration } from './migration-files.ts';
import { backfillProgress, recordApplied, recordBatch, removeBackfill } from './migration-history.ts';
import type { MigrationSession } from './migration-session.ts';

/** 1,000 rows hold their locks for some ten milliseconds. */
export const BATCH_ROWS = 1_000;

const MAX_PAUSE_MS = 1_000;

/**
 * Repeats the statement of a migration until it returns null. It gets the position that it returned last ($1, text, null at
 * first) and the number of rows of a batch ($2), and returns one row with the next `position`. Each batch is committed
 * together with its position, so a run after a killed one goes on where that was.
 */
export async function runInBatches(
  session: MigrationSession,
  migration: Migration,
  { locks, batchRows, progressMs }: { locks: LockTries; batchRows: number; progressMs: number },
): Promise<void> {
  const { client, log } = session;
  const { name, sql } = migration;
  let { position, batches } = await backfillProgress(client, name);
  log(batches > 0 ? `${name}: going on after ${batches} batches.` : `${name}: running in batches.`);

  const nextBatch = async (): Promise<string | null> => {
    const { rows } = await client.query<{ position: string | null }>(sql, [position, batchRows]);
    const next = positionIn(rows, position);
    if (next !== null) await recordBatch(client, name, { position: next, batches: batches + 1 });
    else {
      await recordApplied(client, migration);
      await removeBackfill(client, name);
    }
    return next;
  };

  for (let reportedAt = performance.now(); ; ) {
    const startedAt = performance.now();
    position = await inTransactionWithLockTries(session, locks, name, nextBatch);
    if (position === null) return;
    batches += 1;
    const endedAt = performance.now();
    if (endedAt - reportedAt >= progressMs) {
      log(`${name}: ${batches} batches of ${batchRows} rows are done.`);
      reportedAt = endedAt;
    }
    // It takes half of the time at most: the other half is for replicas, checkpoints and vacuum.
    await sleep(Math.min(endedAt - startedAt, MAX_PAUSE_MS));
  }
}

function positionIn(rows: { position?: string | null }[], previous: string | null): string | null {
  const position = rows[0]?.position;
  if (rows.length !== 1 || position === undefined)
    throw new Error('a batch has to return one row with the column position, null after the last one');
  if (position !== null && position === previous)
    throw new Error('a batch returned the position that it was given, so it would be repeated forever');
  return position;
}
