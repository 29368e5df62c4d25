import type { Acceptor } from '../../../../src/api/ports.ts';
import { createAcceptor } from '../../../../src/dispatch/accept/acceptor.ts';
import { StoreUnavailable } from '../../../../src/store/postgres/database.ts';
import { eventually } from '../../../set-up/eventually.ts';
import { type SeededStore, secretBox, seedStore } from '../../../store/seed.ts';
import { recordingReserve } from '../recording-reserve.ts';

let store: SeededStore;
let other: string;
let acceptor: Acceptor;

beforeEach(async () => {
  store = await seedStore();
  other = await store.newProject();
  acceptor = createAcceptor({ pool: store.pool, box: secretBox, reserve: recordingReserve().reserve });
});
afterEach(() => store.drop());

/** Cancels statements that insert events for which the condition holds, as if they had taken too long. */
const cancelWhere = (condition: string) =>
  store.pool.query(`
    CREATE FUNCTION cancel() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF (SELECT ${condition} FROM inserted) THEN
        RAISE EXCEPTION 'canceling statement due to statement timeout' USING ERRCODE = '57014';
      END IF;
      RETURN NULL;
    END $$;
    CREATE TRIGGER cancel AFTER INSERT ON events REFERENCING NEW TABLE AS inserted FOR EACH STATEMENT EXECUTE FUNCTION cancel()`);

const ofOther = () => store.draft({ projectId: other });
const post = (type: string) => acceptor.acceptOne(store.draft({ type }));

/** The types of each project in each transaction that has stored events. */
async function typesByTransaction(): Promise<{ types: number; projects: number }[]> {
  const { rows } = await store.pool.query(
    `SELECT count(DISTINCT type)::int AS types, count(DISTINCT project_id)::int AS projects FROM events GROUP BY xmin::text`,
  );
  return rows;
}

test('posts whose transaction takes too long are stored one by one, and no project waits for a second try', async () => {
  await cancelWhere('count(*) > 1');

  const drafts = [store.draft(), ofOther(), store.draft(), ofOther()];
  const accepted = await Promise.all(drafts.map(acceptor.acceptOne));

  expect(new Set(accepted.map(({ kind }) => kind))).toEqual(new Set(['accepted']));
  expect(await typesByTransaction()).toHaveLength(4);
});

test('a post that takes too long on its own is refused, and no other one', async () => {
  await cancelWhere(`bool_or(type = 'slow')`);

  const [slow, ...others] = await Promise.allSettled([
    post('slow'),
    acceptor.acceptOne(ofOther()),
    post('fast'),
  ]);

  expect(slow).toMatchObject({ status: 'rejected', reason: expect.any(StoreUnavailable) });
  expect(others.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
});

const subscribe = (endpoints: number, patterns: number) =>
  store.pool.query(
    `INSERT INTO endpoints (id, project_id, url, events, secrets)
     SELECT 'ep_' || n, $1, 'http://127.0.0.1:9/', ARRAY(SELECT 'never.' || m FROM generate_series(1, $3::int) AS m), '\\x00'
     FROM generate_series(1, $2::int) AS n`,
    [store.project, endpoints, patterns],
  );

test('a shared transaction matches few types of a project with many endpoints, although none matches', async () => {
  await subscribe(10_000, 30);
  const types = Array.from({ length: 40 }, (_, n) => `type.${n}`);

  const accepted = await Promise.all([...types.map(post), acceptor.acceptOne(ofOther())]);

  expect(new Set(accepted.map(({ kind }) => kind))).toEqual(new Set(['accepted']));
  const transactions = await typesByTransaction();
  const mostTypes = (some: typeof transactions) => Math.max(...some.map(({ types }) => types));
  expect(mostTypes(transactions.filter(({ projects }) => projects > 1))).toBeLessThanOrEqual(6);
  // Those of this project alone may have been stored separately already.
  expect(mostTypes(transactions)).toBeLessThanOrEqual(20);
  // Once its endpoints have been counted, it shares no transaction any more.
  await eventually(async () => {
    await store.pool.query('DELETE FROM events');
    await Promise.all([post('type.1'), acceptor.acceptOne(ofOther())]);
    return (await typesByTransaction()).every(({ projects }) => projects === 1);
  });
});

test('any number of types of a project with few endpoints share a transaction', async () => {
  await subscribe(10, 30);

  await eventually(async () => {
    await store.pool.query('DELETE FROM events');
    await Promise.all(Array.from({ length: 90 }, (_, n) => post(`type.${n}`)));
    return (await typesByTransaction()).some(({ types }) => types > 60);
  });
});
