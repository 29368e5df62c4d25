import { setTimeout as sleep } from 'node:timers/promises';
import { sqlState } from '../postgres/database.ts';
import { type BlockingSession, blockingSessions, describeSession } from './blocking-sessions.ts';
import type { MigrationSession } from './migration-session.ts';
import { whileRunning } from './while-running.ts';

/** How long a migration waits for locks. A statement that waits for an ACCESS EXCLUSIVE lock blocks all later ones. */
export type LockTries = {
  tries: number;
  /** Between two tries, so that what has queued behind the migration is worked off. */
  pauseMs: number;
};

export const LOCK_TRIES: LockTries = { tries: 30, pauseMs: 5_000 };

const LOCK_NOT_AVAILABLE = '55P03';
const DEADLOCK_DETECTED = '40P01';

/** All tries of a migration failed because of the locks of others. */
export class LocksNotGranted extends Error {
  constructor(tries: number, blockers: BlockingSession[], cause: unknown) {
    const held = blockers.length > 0 ? ` It is held by ${blockers.map(describeSession).join(' and ')}.` : '';
    const pid = blockers.find(({ pid }) => pid !== 0)?.pid;
    const end = pid === undefined ? '' : `, or end it with SELECT pg_terminate_backend(${pid})`;
    super(
      `in ${tries} tries, a lock was not granted.${held} Wait until it has ended${end}; then migrate again`,
      {
        cause,
      },
    );
    this.name = 'LocksNotGranted';
  }
}

/**
 * Runs `statements` in a transaction that waits for each lock for half a second longer than Postgres's deadlock_timeout: only
 * then does Postgres cancel an autovacuum that holds the lock. If it gets a lock too late, or Postgres ends it because of a
 * deadlock, the transaction is rolled back and run again. Throws LocksNotGranted after the last try.
 */
export async function inTransactionWithLockTries<T>(
  { client, observer, pid, log }: MigrationSession,
  { tries, pauseMs }: LockTries,
  name: string,
  statements: () => Promise<T>,
): Promise<T> {
  for (let tried = 1; ; tried++) {
    let blockers: BlockingSession[] = [];
    const noteBlockers = async () => {
      const found = await blockingSessions(observer, pid);
      if (found.length > 0) blockers = found;
    };
    try {
      return await whileRunning(() => inTransaction(client, statements), 200, noteBlockers);
    } catch (error) {
      if (!isBlocked(error)) throw error;
      if (tried >= tries) throw new LocksNotGranted(tries, blockers, error);
      const holders = blockers.map(describeSession).join(' and ') || 'another session';
      log(`${name}: try ${tried} of ${tries} waited in vain for a lock of ${holders}.`);
    }
    await sleep(pauseMs);
  }
}

async function inTransaction<T>(
  client: MigrationSession['client'],
  statements: () => Promise<T>,
): Promise<T> {
  await client.query('BEGIN');
  try {
    await client.query(SET_LOCK_TIMEOUT);
    const result = await statements();
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {}); // of a lost connection, by Postgres
    throw error;
  }
}

const isBlocked = (error: unknown): boolean =>
  sqlState(error) === LOCK_NOT_AVAILABLE || sqlState(error) === DEADLOCK_DETECTED;

const SET_LOCK_TIMEOUT = `
  SELECT set_config('lock_timeout', (setting::int + 500)::text, true) FROM pg_settings WHERE name = 'deadlock_timeout'`;
