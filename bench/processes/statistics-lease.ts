import pg from 'pg';
import { acquireLease, releaseLease } from '../../src/store/processes/leases.ts';
import { foldPass } from '../../src/store/statistics/fold-pass.ts';

/** Holds the lease of statistics as another process would: then Posthorn counts nothing. */
export type StatisticsLease = {
  /** Takes the lease, and counts what is not counted yet. */
  take(): Promise<void>;
  /** Posthorn takes the lease with its next renewal, and counts from then on. */
  release(): Promise<void>;
  /** Deliveries that are counted so far. */
  counted(): Promise<number>;
  end(): Promise<void>;
};

const HOLDER = 'bench';
const LEASE_MS = 15_000;
const RENEW_MS = 5_000;
/** As in the passes of Posthorn. */
const MAX_ROWS = 50_000;

const COUNTED = `
  SELECT coalesce(sum(n), 0)::int AS n FROM delivery_statistics
  WHERE scope = '' AND span = 1440 AND kind = 'delivered'`;

export function statisticsLease(databaseUrl: string): StatisticsLease {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 1 });
  let renewal: NodeJS.Timeout | undefined;
  const renew = () => acquireLease(pool, 'statistics', HOLDER, LEASE_MS);

  async function release(): Promise<void> {
    clearInterval(renewal);
    renewal = undefined;
    await releaseLease(pool, 'statistics', HOLDER);
  }

  return {
    async take() {
      // Between the two statements Posthorn may renew its lease.
      while (!(await renew())) await pool.query(`DELETE FROM leases WHERE name = 'statistics'`);
      renewal ??= setInterval(() => void renew(), RENEW_MS);
      // Posthorn may be in a pass of its own, and then null is returned.
      for (let pass = await foldPass(pool, null, MAX_ROWS); pass === null || pass.isBehind; )
        pass = await foldPass(pool, pass?.round ?? null, MAX_ROWS);
    },
    release,
    counted: async () => (await pool.query<{ n: number }>(COUNTED)).rows[0]!.n,
    async end() {
      if (renewal) await release();
      await pool.end();
    },
  };
}
