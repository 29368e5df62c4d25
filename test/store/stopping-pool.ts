import type pg from 'pg';
import { eventually } from '../set-up/eventually.ts';

/** Returns a pool for one transaction that stops before its COMMIT, with all its locks, until `resume` is called. */
export function pausingAtCommit(pool: pg.Pool): {
  pool: pg.Pool;
  paused: Promise<void>;
  resume: () => void;
} {
  const paused = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const connect = async () => {
    const client = await pool.connect();
    const query = async (...statement: Parameters<typeof client.query>) => {
      if ((statement[0] as unknown) === 'COMMIT') {
        paused.resolve();
        await gate.promise;
      }
      return client.query(...statement);
    };
    return { query, release: (broken?: Error) => client.release(broken) };
  };
  return {
    pool: { connect } as unknown as pg.Pool,
    paused: paused.promise,
    resume: gate.resolve,
  };
}

/** Waits until `count` statements of this database wait for a lock. */
export async function untilBlocked(pool: pg.Pool, count = 1): Promise<void> {
  await eventually(async () => {
    const { rows } = await pool.query(
      `SELECT count(*)::int AS n FROM pg_stat_activity
       WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    );
    return rows[0].n >= count;
  });
}
