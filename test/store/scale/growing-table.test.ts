import type pg from 'pg';
import { writeAttempts } from '../../../src/store/deliveries/recording/record-attempts.ts';
import { recordDelivered } from '../../../src/store/deliveries/recording/record-delivered.ts';
import { attemptRecordOf } from '../attempt-record.ts';
import { type SeededStore, seedStore } from '../seed.ts';

/** Postgres plans the first five executions for their parameters, and may keep the plan of the sixth. */
const EXECUTIONS = 10;

let store: SeededStore;
beforeEach(async () => {
  store = await seedStore();
});
afterEach(() => store.drop());

async function rowsScanned(client: pg.PoolClient): Promise<number> {
  await client.query('SELECT pg_stat_force_next_flush()');
  const { rows } = await client.query(
    `SELECT sum(seq_tup_read)::int AS n FROM pg_stat_user_tables WHERE relname IN ('deliveries', 'events')`,
  );
  return rows[0].n;
}

test.each([
  ['attempts', writeAttempts],
  ['delivered attempts', recordDelivered],
])(
  'a connection that planned its record of %s for a small table does not scan the table after it has grown',
  async (_, write) => {
    await store.newEndpoint();
    const { ids } = await store.acceptEvent('event/1');
    const client = await store.pool.connect();
    try {
      await client.query('VACUUM ANALYZE deliveries');
      const record = () => write(client, [attemptRecordOf({ id: ids[0]!, epoch: 1 })]);
      for (let n = 0; n < EXECUTIONS; n++) await record();
      await client.query(
        `INSERT INTO deliveries (id, project_id, event_id, receiver, policy, status, created_at)
       SELECT 'dlv_' || n, $1, 'evt_' || n, 'ep', '{}', 'delivered', now() FROM generate_series(1, 20000) AS n`,
        [store.project],
      );
      const before = await rowsScanned(client);

      await record();

      expect((await rowsScanned(client)) - before).toBe(0);
    } finally {
      client.release();
    }
  },
);
