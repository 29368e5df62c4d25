import { createRetention } from '../../../src/background/retention/retention.ts';
import { acquireLease, releaseLease } from '../../../src/store/processes/leases.ts';
import { eventually } from '../../set-up/eventually.ts';
import { type SeededStore, seedStore } from '../seed.ts';
import { addSettled, LONG_AGO } from './settled-events.ts';

let store: SeededStore;

beforeEach(async () => {
  store = await seedStore();
});
afterEach(() => store.drop());

const DAY_MS = 86_400_000;

function startRetention({ leaseDb = store.pool }: { leaseDb?: Pick<SeededStore['pool'], 'query'> } = {}) {
  const failures: unknown[] = [];
  const retention = createRetention({
    pool: store.pool,
    leaseDb,
    processId: 'prc_this',
    ageMs: 30 * DAY_MS,
    audit: { ageMs: 30 * DAY_MS, shares: { ofProject: 1_000, ofConsumer: 100 } },
    statisticsAgeMs: 400 * DAY_MS,
    intervalMs: 10,
    onFailure: (error) => failures.push(error),
  });
  return { failures, close: () => retention.close() };
}

const countOf = async (table: string): Promise<number> =>
  (await store.queryOne<{ n: number }>(`SELECT count(*)::int AS n FROM ${table}`)).n;

test('a process whose clock is 40 days ahead removes only what is old by Postgres’s clock', async () => {
  await addSettled(store, 'old_', 3, 1);
  await addSettled(store, 'young_', 4, 1, new Date());
  jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 40 * 86_400_000);
  const retention = startRetention();

  await eventually(async () => (await countOf('events')) < 7);
  await retention.close();
  jest.restoreAllMocks();

  expect(retention.failures).toEqual([]);
  expect(await countOf('events')).toBe(4);
});

test('a step that fails does not keep the others from running, and is reported once', async () => {
  const old = `now() - interval '40 days'`;
  await addSettled(store, 'old_', 1, 1);
  await store.pool.query(
    `INSERT INTO bulk_jobs (id, kind, project_id, started_by, filter, policy, status, started_at, ended_at)
     VALUES ('rec_1', 'recover_failed', $1, 'admin', '{}', '{}', 'done', ${old}, ${old})`,
    [store.project],
  );
  // The first of all steps.
  await store.pool.query(`
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'this event stays'; END $$;
    CREATE TRIGGER refuse BEFORE DELETE ON events FOR EACH ROW EXECUTE FUNCTION refuse()`);
  const retention = startRetention();
  await eventually(async () => (await countOf('bulk_jobs')) === 0);
  await store.pool.query('DROP TRIGGER refuse ON events');
  await eventually(async () => (await countOf('events')) === 0);
  await retention.close();

  expect(retention.failures).toEqual([expect.objectContaining({ message: 'this event stays' })]);
});

test('a process removes nothing while another one has the lease, and takes over when it is free', async () => {
  await addSettled(store, 'old_', 3, 1);
  let refusals = 0;
  let isHeld = true;
  const query = async (statement: string, values?: unknown[]) => {
    // However slow the machine is, the other process renews its lease in time.
    if (isHeld) expect(await acquireLease(store.pool, 'retention', 'prc_other', 15_000)).toBe(true);
    const result = await store.pool.query(statement, values);
    if (result.rowCount === 0) refusals++;
    return result;
  };
  const retention = startRetention({ leaseDb: { query } as unknown as SeededStore['pool'] });

  await eventually(() => refusals > 1);
  expect(await countOf('events')).toBe(3);
  isHeld = false;
  await releaseLease(store.pool, 'retention', 'prc_other');
  await eventually(async () => (await countOf('events')) === 0);
  await retention.close();

  expect(retention.failures).toEqual([]);
  expect(await countOf('leases')).toBe(0);
});

const LOG_REMOVALS = `
  CREATE TABLE removal (number int GENERATED ALWAYS AS IDENTITY, project_id text);
  CREATE FUNCTION log_removal() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN INSERT INTO removal (project_id) VALUES (OLD.project_id); RETURN OLD; END $$;
  CREATE TRIGGER log_removal BEFORE DELETE ON events FOR EACH ROW EXECUTE FUNCTION log_removal()`;

test('a project with few old events waits for one batch of each other project, not for all that they have', async () => {
  const [first, second] = [store.project, await store.newProject()].sort();
  await addSettled(store, 'many_', 2_600, 1, LONG_AGO, first);
  await addSettled(store, 'few_', 5, 1, new Date(LONG_AGO.getTime() + DAY_MS), second);
  await store.pool.query(LOG_REMOVALS);
  const retention = startRetention();
  await eventually(async () => (await countOf('events')) === 0);
  await retention.close();

  const { last } = await store.queryOne<{ last: number }>(
    'SELECT max(number) AS last FROM removal WHERE project_id = $1',
    [second],
  );
  expect(last).toBe(505);
});

test('outcomes do not wait until all old events are removed', async () => {
  await addSettled(store, 'old_', 2_600, 1);
  await store.pool.query(
    `INSERT INTO outcomes (project_id, kind, event_id, status, at) VALUES ($1, 'event.settled', 'e', 'delivered', $2)`,
    [store.project, LONG_AGO],
  );
  // The outcomes are removed in one statement.
  await store.pool.query(`
    CREATE TABLE removal (events_left int);
    CREATE FUNCTION count_events() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF EXISTS (SELECT FROM removed) THEN INSERT INTO removal SELECT count(*) FROM events; END IF;
      RETURN NULL;
    END $$;
    CREATE TRIGGER count_events AFTER DELETE ON outcomes REFERENCING OLD TABLE AS removed
      FOR EACH STATEMENT EXECUTE FUNCTION count_events()`);
  const retention = startRetention();
  await eventually(async () => (await countOf('events')) === 0);
  await retention.close();

  expect(await store.queryOne('SELECT events_left AS "eventsLeft" FROM removal')).toEqual({
    eventsLeft: 2_100,
  });
});

test('a project whose events cannot be removed does not hold up another one', async () => {
  const [first, second] = [store.project, await store.newProject()].sort();
  await addSettled(store, 'kept_', 600, 1, LONG_AGO, first);
  await addSettled(store, 'old_', 600, 1, LONG_AGO, second);
  await store.pool.query(`
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'this event stays'; END $$;
    CREATE TRIGGER refuse BEFORE DELETE ON events FOR EACH ROW WHEN (OLD.id LIKE 'kept_%') EXECUTE FUNCTION refuse()`);
  const retention = startRetention();
  await eventually(async () => (await countOf('events')) === 600);
  await retention.close();

  expect(await store.queryOne('SELECT DISTINCT project_id FROM events')).toEqual({ project_id: first });
  expect(retention.failures).toEqual([expect.objectContaining({ message: 'this event stays' })]);
});
