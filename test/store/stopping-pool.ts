import type pg from 'pg';
import { eventually } from '../set-up/eventually.ts';

/** A pool of which one transaction stops right before its COMMIT, with all its locks, until it is told to go on. */
export function stoppingAtCommit(pool: pg.Pool): {
  pool: pg.Pool;
  stopped: Promise<void>;
  goOn: () => void;
} {
  const stopped = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const connect = async () => {
    const client = await pool.connect();
    const query = async (...statement: Parameters<typeof client.query>) => {
      if ((statement[0] as unknown) === 'COMMIT') {
        stopped.resolve();
        await gate.promise;
      }
      return client.query(...statement);
    };
    return { query, release: (broken?: Error) => client.release(broken) };
  };
  return {
    pool: { connect } as unknown as pg.Pool,
    stopped: stopped.promise,
    goOn: gate.resolve,
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
