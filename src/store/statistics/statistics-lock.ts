import type { Queryable } from '../postgres/database.ts';

const KEY = `hashtextextended('statistics', 0)`;
const TRY_LOCK = `SELECT pg_try_advisory_xact_lock(${KEY}) AS locked`;
const LOCK = `SELECT pg_advisory_xact_lock(${KEY})`;

/*
 * Held while outcomes are read and counted, so that each is counted once. Not a row lock: that would give the transaction an
 * id before it reads, and the streams of outcomes wait for the oldest transaction with one.
 */

/** Returns false if another transaction counts just now. */
export async function tryLockStatistics(db: Queryable): Promise<boolean> {
  return (await db.query<{ locked: boolean }>(TRY_LOCK)).rows[0]!.locked;
}

/** Waits until no transaction counts what it has read before. */
export async function lockStatistics(db: Queryable): Promise<void> {
  await db.query(LOCK);
}
