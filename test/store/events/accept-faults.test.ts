import pg from 'pg';
import { createPool, isOutage } from '../../../src/store/postgres/database.ts';
import { eventually } from '../../set-up/eventually.ts';
import { acceptEvents } from '../accept-events.ts';
import { holdEventId } from '../hold-event-id.ts';
import { type SeededStore, secretBox, seedStore } from '../seed.ts';

let store: SeededStore;
let pools: pg.Pool[];
beforeEach(async () => {
  store = await seedStore();
  await store.newEndpoint();
  pools = [];
});
afterEach(async () => {
  await Promise.all(pools.map((pool) => pool.end()));
  await store.drop();
});

function tracked(pool: pg.Pool): pg.Pool {
  pools.push(pool);
  return pool;
}

const connectOne = () => tracked(createPool(store.url, 1));
const storedRows = async () =>
  Number((await store.queryOne<{ n: string }>('SELECT count(*) AS n FROM events, deliveries')).n);

const SIGNAL_WAITING = (signal: 'cancel' | 'terminate', waiting: string) => `
  SELECT pg_${signal}_backend(pid) FROM pg_stat_activity
  WHERE datname = current_database() AND state = 'active' AND pid <> pg_backend_pid() AND ${waiting}`;

const signalWaiting = (signal: 'cancel' | 'terminate', waiting: string) =>
  eventually(async () => (await store.pool.query(SIGNAL_WAITING(signal, waiting))).rowCount === 1);

test.each(['cancel', 'terminate'] as const)(
  'an insert whose backend gets a %s stores nothing, although its COMMIT was sent with it',
  async (signal) => {
    const pool = connectOne();
    const draft = store.draft();
    const release = await holdEventId(store, draft.id);
    const failed = acceptEvents(pool, secretBox, [draft]).catch((error) => error);
    await signalWaiting(signal, `wait_event_type = 'Lock'`);

    expect(isOutage(await failed)).toBe(true);
    await release();
    expect(await storedRows()).toBe(0);

    const { results } = await acceptEvents(pool, secretBox, [draft]);
    expect(results).toMatchObject([{ kind: 'accepted' }]);
    expect(await storedRows()).toBe(1);
  },
);

test('an insert that fails stores nothing, and its connection is used again outside of a transaction', async () => {
  const pool = connectOne();
  const { pid } = (await pool.query('SELECT pg_backend_pid() AS pid')).rows[0];
  await store.pool.query(`
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'refused'; END $$;
    CREATE TRIGGER refuse BEFORE INSERT ON deliveries FOR EACH ROW EXECUTE FUNCTION refuse()`);

  await expect(acceptEvents(pool, secretBox, [store.draft()])).rejects.toThrow('refused');

  expect(await storedRows()).toBe(0);
  const { state } = await store.queryOne<{ state: string }>(
    'SELECT state FROM pg_stat_activity WHERE pid = $1',
    [pid],
  );
  expect(state).toBe('idle');
  await store.pool.query('DROP TRIGGER refuse ON deliveries');
  await acceptEvents(pool, secretBox, [store.draft()]);
  expect((await pool.query('SELECT pg_backend_pid() AS pid')).rows).toEqual([{ pid }]);
});

test('a deadlock of the insert is retried in a new transaction', async () => {
  const pool = connectOne();
  await store.pool.query(`
    CREATE SEQUENCE tries;
    CREATE FUNCTION deadlock_once() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF nextval('tries') = 1 THEN RAISE EXCEPTION 'deadlock' USING ERRCODE = '40P01'; END IF;
      RETURN NEW;
    END $$;
    CREATE TRIGGER deadlock_once BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION deadlock_once()`);

  expect((await acceptEvents(pool, secretBox, [store.draft()])).results).toMatchObject([
    { kind: 'accepted' },
  ]);
  expect(await storedRows()).toBe(1);
});

/** A client whose BEGIN takes a minute. */
class SlowBeginClient extends pg.Client {
  // biome-ignore lint/suspicious/noExplicitAny: pg gives `query` eight overloads, and this one forwards them all
  override query(...args: any[]): any {
    const [first, ...rest] = args;
    return (super.query as (...all: unknown[]) => unknown)(
      first === 'BEGIN' ? 'SELECT pg_sleep(60)' : first,
      ...rest,
    );
  }
}

test('after a cancelled BEGIN, nothing is stored outside of a transaction', async () => {
  const pool = tracked(
    new pg.Pool({ connectionString: store.url, max: 1, pipeline: true, Client: SlowBeginClient }),
  );
  const failed = acceptEvents(pool, secretBox, [store.draft()]).catch((error) => error);
  await signalWaiting('cancel', `query LIKE '%pg_sleep%'`);

  expect(isOutage(await failed)).toBe(true);
  expect(await storedRows()).toBe(0);
  expect(pool.totalCount).toBe(0);
});

test('when the response to insert and COMMIT is late, the events are stored completely or not at all', async () => {
  const pool = tracked(
    new pg.Pool({ connectionString: store.url, max: 1, pipeline: true, query_timeout: 500 }),
  );
  pool.on('connect', (client) => client.on('error', () => {}));
  const draft = store.draft();
  const release = await holdEventId(store, draft.id);

  const error = await acceptEvents(pool, secretBox, [draft]).catch((thrown) => thrown);
  expect(isOutage(error)).toBe(true);
  await release();

  // The server may still carry out the statements that it had received.
  const { results } = await acceptEvents(store.pool, secretBox, [draft]);
  expect(['accepted', 'existing']).toContain(results[0]!.kind);
  expect(await storedRows()).toBe(1);
});
