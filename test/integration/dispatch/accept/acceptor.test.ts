import type { Acceptor } from '../../../../src/api/ports.ts';
import { createAcceptor } from '../../../../src/dispatch/accept/acceptor.ts';
import type { Reserve } from '../../../../src/dispatch/reservation.ts';
import { ProjectShareExhausted } from '../../../../src/store/postgres/database.ts';
import { eventually } from '../../../set-up/eventually.ts';
import { type SeededStore, secretBox, seedStore } from '../../../store/seed.ts';
import { type Recorded, recordingReserve } from '../recording-reserve.ts';

let store: SeededStore;
let recorded: Recorded & { reserve: Reserve };
let acceptor: Acceptor;

beforeEach(async () => {
  store = await seedStore();
  recorded = recordingReserve();
  acceptor = createAcceptor({ pool: store.pool, box: secretBox, reserve: recorded.reserve });
});
afterEach(() => store.drop());

test('concurrent posts share transactions', async () => {
  await store.newEndpoint();
  const drafts = Array.from({ length: 300 }, () => store.draft());

  const accepted = await Promise.all(drafts.map(acceptor.acceptOne));

  expect(accepted.every(({ kind }) => kind === 'accepted')).toBe(true);
  expect(recorded.started).toHaveLength(300);
  const { transactions } = await store.queryOne(
    'SELECT count(DISTINCT xmin::text)::int AS transactions FROM events',
  );
  expect(transactions).toBeLessThan(10);
});

test('50 concurrent identical posts make one event and start it once', async () => {
  await store.newEndpoint();
  const draft = store.draft({ id: 'same' });

  const accepted = await Promise.all(Array.from({ length: 50 }, () => acceptor.acceptOne(draft)));

  expect(accepted.filter(({ kind }) => kind === 'accepted')).toHaveLength(1);
  expect(accepted.filter(({ kind }) => kind === 'existing')).toHaveLength(49);
  expect(recorded.started).toHaveLength(1);
  expect(recorded.released).toHaveLength(49);
  expect(await store.queryOne('SELECT count(*)::int AS n FROM deliveries')).toEqual({ n: 1 });
});

test('a post that Postgres rejects does not fail the posts in its transaction', async () => {
  const drafts = Array.from({ length: 40 }, (_, n) => store.draft(n === 17 ? { type: 'no\u0000text' } : {}));

  const settled = await Promise.allSettled(drafts.map(acceptor.acceptOne));

  expect(settled.flatMap(({ status }, n) => (status === 'rejected' ? [n] : []))).toEqual([17]);
  expect(await store.queryOne('SELECT count(*)::int AS n FROM events')).toEqual({ n: 39 });
});

test('a post whose deliveries cannot be reserved leaves no transaction open', async () => {
  await store.newEndpoint();
  const failing = createAcceptor({
    pool: store.pool,
    box: secretBox,
    reserve: () => {
      throw new Error('no room is counted');
    },
  });

  await expect(failing.acceptOne(store.draft())).rejects.toThrow('no room is counted');

  expect(store.pool.idleCount).toBe(store.pool.totalCount);
  expect(await store.queryOne('SELECT count(*)::int AS n FROM events')).toEqual({ n: 0 });
});

test('posts that match too many endpoints for a shared transaction are stored one by one', async () => {
  await store.pool.query(
    `INSERT INTO endpoints (id, project_id, url, events, secrets)
     SELECT 'ep_' || n, $1, 'http://127.0.0.1:9/', '{*}', '\\x00' FROM generate_series(1, 4000) AS n`,
    [store.project],
  );

  const accepted = await Promise.all([1, 2, 3, 4].map(() => acceptor.acceptOne(store.draft())));

  expect(accepted.every(({ kind }) => kind === 'accepted')).toBe(true);
  const { transactions } = await store.queryOne(
    'SELECT count(DISTINCT xmin::text)::int AS transactions FROM events',
  );
  expect(transactions).toBe(4);
});

test('posts of a project with 10,000 endpoints delay no post of another project', async () => {
  await store.pool.query(
    `INSERT INTO endpoints (id, project_id, url, events, secrets)
     SELECT 'ep_' || n, $1, 'http://127.0.0.1:9/', '{*}', '\\x00' FROM generate_series(1, 10000) AS n`,
    [store.project],
  );
  const other = await store.newProject();
  let stored = 0;
  const highFanOut = Array.from({ length: 8 }, () =>
    acceptor.acceptOne(store.draft()).then(() => (stored += 1)),
  );

  await acceptor.acceptOne({ ...store.draft(), projectId: other });
  expect(stored).toBeLessThan(4);

  await Promise.all(highFanOut);
  expect(await store.queryOne('SELECT count(*)::int AS n FROM deliveries')).toEqual({ n: 80_000 });
});

test('a batch that would make over 100,000 deliveries is refused before anything is stored', async () => {
  await store.pool.query(
    `INSERT INTO endpoints (id, project_id, url, events, secrets)
     SELECT 'ep_' || n, $1, 'http://127.0.0.1:9/', '{*}', '\\x00' FROM generate_series(1, 1000) AS n`,
    [store.project],
  );

  const results = await acceptor.acceptAll(Array.from({ length: 101 }, () => store.draft()));

  expect(new Set(results.map(({ kind }) => kind))).toEqual(new Set(['batch_too_large']));
  expect(await store.queryOne('SELECT count(*)::int AS n FROM events')).toEqual({ n: 0 });
});

const sizedDraft = (kilobytes: number) => store.draft({ body: Buffer.alloc(kilobytes * 1024, ' ') });

test('a shared transaction takes no more posts once it has 4 MB', async () => {
  const drafts = Array.from({ length: 24 }, () => sizedDraft(512));

  await Promise.all(drafts.map(acceptor.acceptOne));

  const { rows } = await store.pool.query<{ events: number }>(
    'SELECT count(*)::int AS events FROM events GROUP BY xmin::text',
  );
  expect(rows).toEqual([{ events: 8 }, { events: 8 }, { events: 8 }]);
});

test('posts beyond the share of a project of memory are refused, other projects have capacity, and it is freed again', async () => {
  const byteLimits = { maxPerTransaction: 64 * 1024, maxInMemory: 1024 * 1024 };
  const { acceptOne, acceptAll } = createAcceptor({
    pool: store.pool,
    box: secretBox,
    reserve: recorded.reserve,
    byteLimits,
  });
  const other = await store.newProject();

  const settled = await Promise.allSettled([
    acceptAll([sizedDraft(128), sizedDraft(128)]),
    ...Array.from({ length: 4 }, () => acceptOne(sizedDraft(64))),
    acceptOne(sizedDraft(64)),
    acceptAll([sizedDraft(1)]),
    acceptOne({ ...sizedDraft(64), projectId: other }),
    acceptAll([{ ...sizedDraft(64), projectId: other }]),
  ]);

  const refused = settled.map((result) => result.status === 'rejected' && result.reason);
  expect(refused.slice(0, 4)).toEqual([false, false, false, false]);
  expect(refused.slice(5, 7)).toEqual([expect.any(ProjectShareExhausted), expect.any(ProjectShareExhausted)]);
  expect(refused.slice(7)).toEqual([false, false]);
  // A post larger than the whole share is accepted while any of it is free; otherwise it never would be.
  await expect(acceptAll([sizedDraft(1200)])).resolves.toMatchObject([{ kind: 'accepted' }]);
  await expect(acceptAll([sizedDraft(1200)])).resolves.toMatchObject([{ kind: 'accepted' }]);
});

test('of ten concurrent batches two are written at a time, and all are stored', async () => {
  let writing = 0;
  let maxWriting = 0;
  const counting: Reserve = (deliveries) => {
    writing += 1;
    maxWriting = Math.max(maxWriting, writing);
    return {
      ...recorded.reserve(deliveries),
      commit: () => {
        writing -= 1;
      },
    };
  };
  const { acceptAll } = createAcceptor({ pool: store.pool, box: secretBox, reserve: counting });

  // No batch can end before two are running: on a busy machine they would run one after the other anyway.
  const holder = await store.pool.connect();
  await holder.query('BEGIN; LOCK TABLE events IN SHARE MODE');
  const accepting = Array.from({ length: 10 }, () => acceptAll([store.draft(), store.draft()]));
  await eventually(() => writing === 2).finally(async () => {
    await holder.query('COMMIT');
    holder.release();
  });
  const results = await Promise.all(accepting);

  expect(results.flat().filter(({ kind }) => kind === 'accepted')).toHaveLength(20);
  expect(maxWriting).toBe(2);
});

test('a post and a batch do not wait for the earlier posts of another project', async () => {
  const other = await store.newProject();
  // Opens the connections first: several batches end before a new connection is open.
  const clients = await Promise.all(Array.from({ length: 5 }, () => store.pool.connect()));
  for (const client of clients) client.release();
  const order: string[] = [];
  const recordOrder = <T>(name: string, work: Promise<T>): Promise<T> => work.finally(() => order.push(name));
  const flood = [
    ...Array.from({ length: 2_000 }, () => recordOrder('post', acceptor.acceptOne(store.draft()))),
    ...Array.from({ length: 20 }, () => recordOrder('batch', acceptor.acceptAll([store.draft()]))),
  ];
  await Promise.all([
    recordOrder('other post', acceptor.acceptOne(store.draft({ projectId: other }))),
    recordOrder('other batch', acceptor.acceptAll([store.draft({ projectId: other })])),
  ]);
  await Promise.all(flood);

  expect(order.slice(0, order.indexOf('other post')).filter((name) => name === 'post').length).toBeLessThan(
    300,
  );
  expect(order.slice(0, order.indexOf('other batch')).filter((name) => name === 'batch').length).toBeLessThan(
    10,
  );
});

test('a batch that fails frees its slot for the next', async () => {
  const bad = () => acceptor.acceptAll([store.draft({ type: 'no\u0000text' })]);

  const settled = await Promise.allSettled([bad(), bad(), bad(), acceptor.acceptAll([store.draft()])]);

  expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected', 'fulfilled']);
});

test('a batch is stored completely or not at all', async () => {
  await acceptor.acceptOne(store.draft({ id: 'same' }));
  const conflicting = store.draft({ id: 'same', contentHash: Buffer.alloc(32, 1) });

  const refused = await acceptor.acceptAll([store.draft(), conflicting]);
  await expect(acceptor.acceptAll([store.draft(), store.draft({ type: 'no\u0000text' })])).rejects.toThrow();

  expect(refused[1]).toEqual({ kind: 'id_conflict' });
  expect(await store.queryOne('SELECT count(*)::int AS n FROM events')).toEqual({ n: 1 });
});
