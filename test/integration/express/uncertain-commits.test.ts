import type pg from 'pg';
import { StoreUnavailable } from '../../../src/store/postgres/database.ts';
import { receiversPerTest } from '../../receivers/receivers-per-test.ts';
import { eventually } from '../../set-up/eventually.ts';
import { type SeededStore, seedStore } from '../../store/seed.ts';
import { startTestExpress, type TestExpress } from './express-set-up.ts';

const receiverThat = receiversPerTest();
let store: SeededStore;
let running: TestExpress | undefined;

beforeEach(async () => {
  store = await seedStore();
});
afterEach(async () => {
  await running?.close();
  running = undefined;
  await store.drop();
});

const start = async (pool: pg.Pool): Promise<TestExpress> => {
  running = await startTestExpress(store, { pool });
  return running;
};

type Fate = 'commits' | 'commits, and the answer is lost' | 'is cut before it commits';
type Send = (...of: unknown[]) => Promise<unknown>;

const commits = (statement: unknown): boolean =>
  statement === 'COMMIT' ||
  (statement as { name?: string }).name?.startsWith('insert-predicted-events') === true;

/** A pool on which the nth statement that commits has the nth fate, and all later ones succeed. */
function poolWhere(...fates: Fate[]): pg.Pool {
  const connect = store.pool.connect.bind(store.pool) as (...of: unknown[]) => Promise<pg.PoolClient>;
  const connectToFate = async (...callback: unknown[]) => {
    if (callback.length > 0) return connect(...callback);
    const client = await connect();
    const query = client.query.bind(client) as Send;
    client.query = (async (...of: unknown[]) => {
      const fate = commits(of[0]) ? (fates.shift() ?? 'commits') : 'commits';
      if (fate === 'is cut before it commits') {
        await query('ROLLBACK');
        throw new Error('Connection terminated unexpectedly');
      }
      const result = await query(...of);
      if (fate === 'commits') return result;
      throw new Error('Connection terminated unexpectedly');
    }) as typeof client.query;
    return client;
  };
  return new Proxy(store.pool, {
    get: (of, name) => (name === 'connect' ? connectToFate : Reflect.get(of, name)),
  });
}

const attempts = async (): Promise<unknown[]> =>
  (await store.pool.query('SELECT epoch, number, outcome FROM attempts ORDER BY delivery_id, number')).rows;

test('if the answer to a commit is lost, nothing is sent until a workflow delivers it, once', async () => {
  const { acceptor, attemptDue, openClaims } = await start(poolWhere('commits, and the answer is lost'));
  const receiver = await receiverThat(200);
  await store.newEndpoint({ url: receiver.url });

  expect(await acceptor.acceptOne(store.draft())).toMatchObject({ kind: 'existing' });

  await eventually(async () => (await openClaims()) === 0);
  expect(receiver.requests).toHaveLength(0);
  expect(await attemptDue()).toBe(1);
  expect(receiver.requests).toHaveLength(1);
  expect(await attempts()).toEqual([{ epoch: 2, number: 1, outcome: 'delivered' }]);
  expect(await attemptDue()).toBe(0);
});

test('an event that was refused because both commits were uncertain, but is stored, is delivered once', async () => {
  const lost = 'commits, and the answer is lost';
  const { acceptor, attemptDue, openClaims } = await start(poolWhere(lost, 'is cut before it commits'));
  const receiver = await receiverThat(200);
  await store.newEndpoint({ url: receiver.url });

  await expect(acceptor.acceptOne(store.draft())).rejects.toThrow(StoreUnavailable);

  await eventually(async () => (await openClaims()) === 0);
  expect(receiver.requests).toHaveLength(0);
  expect(await attemptDue()).toBe(1);
  expect(receiver.requests).toHaveLength(1);
});

test('a commit that was cut off is repeated, and only the repeated one is attempted', async () => {
  const { acceptor, express, attemptDue } = await start(poolWhere('is cut before it commits'));
  const receiver = await receiverThat(200);
  await store.newEndpoint({ url: receiver.url });

  expect(await acceptor.acceptOne(store.draft())).toMatchObject({ kind: 'accepted' });
  await express.close();

  expect(receiver.requests).toHaveLength(1);
  expect(await attempts()).toEqual([{ epoch: 1, number: 1, outcome: 'delivered' }]);
  expect(await attemptDue()).toBe(0);
});

test('nothing is sent for an event that Postgres never stored', async () => {
  const cut = 'is cut before it commits';
  const { acceptor, express, engine } = await start(poolWhere(cut, cut));
  const receiver = await receiverThat(200);
  await store.newEndpoint({ url: receiver.url });

  await expect(acceptor.acceptOne(store.draft())).rejects.toThrow(StoreUnavailable);
  await express.close();

  expect(receiver.requests).toHaveLength(0);
  expect((await store.pool.query('SELECT FROM events')).rowCount).toBe(0);
  expect(engine.slotsInUse()).toBe(0);
});

test('if the answer to a predicted statement is lost, nothing is sent until a workflow delivers it, once', async () => {
  const pool = poolWhere('commits', 'commits, and the answer is lost');
  const { acceptor, attemptDue, openClaims } = await start(pool);
  const receiver = await receiverThat(200);
  await store.newEndpoint({ url: receiver.url });
  await acceptor.acceptOne(store.draft());
  await receiver.untilReceived(1);

  expect(await acceptor.acceptOne(store.draft())).toMatchObject({ kind: 'existing' });

  await eventually(async () => (await openClaims()) === 0);
  expect(receiver.requests).toHaveLength(1);
  expect(await attemptDue()).toBe(1);
  expect(receiver.requests).toHaveLength(2);
  expect(await attemptDue()).toBe(0);
});

test('a predicted statement that was cut off is repeated, and only the repeated one is attempted', async () => {
  const { acceptor, express, attemptDue } = await start(poolWhere('commits', 'is cut before it commits'));
  const receiver = await receiverThat(200);
  await store.newEndpoint({ url: receiver.url });
  await acceptor.acceptOne(store.draft());

  expect(await acceptor.acceptOne(store.draft())).toMatchObject({ kind: 'accepted' });
  await express.close();

  expect(receiver.requests).toHaveLength(2);
  expect(await attempts()).toEqual(Array(2).fill({ epoch: 1, number: 1, outcome: 'delivered' }));
  expect(await attemptDue()).toBe(0);
});

test('a wrong prediction sends nothing to an endpoint that was deleted, and gives back its slots', async () => {
  const { acceptor, express, engine } = await start(store.pool);
  const [deleted, kept] = [await receiverThat(200), await receiverThat(200)];
  const endpoint = await store.newEndpoint({ url: deleted.url });
  await store.newEndpoint({ url: kept.url });
  await acceptor.acceptOne(store.draft());
  await store.pool.query(`UPDATE endpoints SET status = 'deleted' WHERE id = $1`, [endpoint]);

  expect(await acceptor.acceptOne(store.draft())).toMatchObject({
    kind: 'accepted',
    event: { deliveryCount: 1 },
  });
  await express.close();

  expect([deleted.requests.length, kept.requests.length]).toEqual([1, 2]);
  expect(engine.slotsInUse()).toBe(0);
});

test('a batch of which one event is refused sends none', async () => {
  const { acceptor, express, engine } = await start(store.pool);
  const receiver = await receiverThat(200);
  await store.newEndpoint({ url: receiver.url });
  const first = store.draft();
  await acceptor.acceptOne(first);
  await receiver.untilReceived(1);

  const results = await acceptor.acceptAll([
    store.draft(),
    { ...first, contentHash: Buffer.from('another') },
  ]);
  await express.close();

  expect(results.map(({ kind }) => kind)).toContain('id_conflict');
  expect(receiver.requests).toHaveLength(1);
  expect((await store.pool.query('SELECT FROM events')).rowCount).toBe(1);
  expect(engine.slotsInUse()).toBe(0);
});

test('a repeated post of an event sends nothing more', async () => {
  const { acceptor, express } = await start(store.pool);
  const receiver = await receiverThat(200);
  await store.newEndpoint({ url: receiver.url });
  const draft = store.draft();

  await Promise.all([1, 2, 3].map(() => acceptor.acceptOne(draft)));
  await express.close();

  expect(receiver.requests).toHaveLength(1);
});
