import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Acceptor } from '../../../src/api/ports.ts';
import { createAcceptor } from '../../../src/dispatch/acceptor.ts';
import type { Dispatcher } from '../../../src/dispatch/dispatcher.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../../src/embedded/postgres/postgres.ts';
import { processIdentity } from '../../../src/embedded/processes/process-identity.ts';
import type { NewDelivery } from '../../../src/store/events/accept-events.ts';
import { migrate } from '../../../src/store/migrations/migrate.ts';
import { createPool, ProjectShareExhausted, StoreUnavailable } from '../../../src/store/postgres/database.ts';
import { eventually } from '../../set-up/eventually.ts';
import { type SeededStore, secretBox, seedStore } from '../../store/scale/seed.ts';

type Noted = { started: NewDelivery[]; abandoned: { id: string; mayBeStored: boolean }[] };

/** Gives every new delivery a workflow, and notes what becomes of it. */
function notingDispatcher(): Dispatcher & Noted {
  const noted: Noted = { started: [], abandoned: [] };
  return {
    ...noted,
    assignNew: (deliveries) => {
      for (const delivery of deliveries) delivery.owner = `event/${delivery.projectId}/${delivery.eventId}`;
    },
    abandon: (deliveries, mayBeStored) =>
      noted.abandoned.push(...deliveries.map(({ id }) => ({ id, mayBeStored }))),
    start: (committed) => noted.started.push(...committed),
    poll: () => {},
    recordClaimed: () => {},
    close: async () => {},
  };
}

describe('on a database that stays', () => {
  let store: SeededStore;
  let dispatcher: Dispatcher & Noted;
  let acceptor: Acceptor;

  beforeEach(async () => {
    store = await seedStore();
    dispatcher = notingDispatcher();
    acceptor = createAcceptor({ pool: store.pool, box: secretBox, dispatcher });
  });
  afterEach(() => store.drop());

  test('concurrent posts share transactions', async () => {
    await store.newEndpoint();
    const drafts = Array.from({ length: 300 }, () => store.draft());

    const accepted = await Promise.all(drafts.map(acceptor.acceptOne));

    expect(accepted.every(({ kind }) => kind === 'accepted')).toBe(true);
    expect(dispatcher.started).toHaveLength(300);
    const { transactions } = await store.queryOne(
      'SELECT count(DISTINCT xmin::text)::int AS transactions FROM events',
    );
    expect(transactions).toBeLessThan(10);
  });

  test('fifty concurrent identical posts make one event, and start it once', async () => {
    await store.newEndpoint();
    const draft = store.draft({ id: 'same' });

    const accepted = await Promise.all(Array.from({ length: 50 }, () => acceptor.acceptOne(draft)));

    expect(accepted.filter(({ kind }) => kind === 'accepted')).toHaveLength(1);
    expect(accepted.filter(({ kind }) => kind === 'existing')).toHaveLength(49);
    expect(dispatcher.started).toHaveLength(1);
    expect(dispatcher.abandoned).toHaveLength(49);
    expect(await store.queryOne('SELECT count(*)::int AS n FROM deliveries')).toEqual({ n: 1 });
  });

  test('one that Postgres refuses harms none of those that were posted with it', async () => {
    const drafts = Array.from({ length: 40 }, (_, n) =>
      store.draft(n === 17 ? { type: 'no\u0000text' } : {}),
    );

    const settled = await Promise.allSettled(drafts.map(acceptor.acceptOne));

    expect(settled.flatMap(({ status }, n) => (status === 'rejected' ? [n] : []))).toEqual([17]);
    expect(await store.queryOne('SELECT count(*)::int AS n FROM events')).toEqual({ n: 39 });
  });

  test('posts for more endpoints than one transaction should carry are stored one by one', async () => {
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

  test('posts of a project with ten thousand endpoints hold up no post of another', async () => {
    await store.pool.query(
      `INSERT INTO endpoints (id, project_id, url, events, secrets)
       SELECT 'ep_' || n, $1, 'http://127.0.0.1:9/', '{*}', '\\x00' FROM generate_series(1, 10000) AS n`,
      [store.project],
    );
    const other = await store.newProject();
    let stored = 0;
    const wide = Array.from({ length: 8 }, () => acceptor.acceptOne(store.draft()).then(() => (stored += 1)));

    await acceptor.acceptOne({ ...store.draft(), projectId: other });
    expect(stored).toBeLessThan(4);

    await Promise.all(wide);
    expect(await store.queryOne('SELECT count(*)::int AS n FROM deliveries')).toEqual({ n: 80_000 });
  }, 60_000);

  test('a batch that would make over a hundred thousand deliveries is refused whole, and quickly', async () => {
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

  test('a common transaction ends at four megabytes, the largest of its events aside', async () => {
    const drafts = Array.from({ length: 24 }, () => sizedDraft(512));

    await Promise.all(drafts.map(acceptor.acceptOne));

    const { rows } = await store.pool.query<{ events: number }>(
      'SELECT count(*)::int AS events FROM events GROUP BY xmin::text',
    );
    expect(rows).toEqual([{ events: 8 }, { events: 8 }, { events: 8 }]);
  });

  test('what is beyond the share of bytes that may wait is refused, others have room, and it comes back', async () => {
    const byteLimits = { maxPerTransaction: 64 * 1024, maxInMemory: 1024 * 1024 };
    const { acceptOne, acceptAll } = createAcceptor({
      pool: store.pool,
      box: secretBox,
      dispatcher,
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

    const refused = settled.map((one) => one.status === 'rejected' && one.reason);
    expect(refused.slice(0, 4)).toEqual([false, false, false, false]);
    expect(refused.slice(5, 7)).toEqual([
      expect.any(ProjectShareExhausted),
      expect.any(ProjectShareExhausted),
    ]);
    expect(refused.slice(7)).toEqual([false, false]);
    // One that alone is more than may wait is taken when there is any room at all, or it never would be.
    await expect(acceptAll([sizedDraft(1200)])).resolves.toMatchObject([{ kind: 'accepted' }]);
    await expect(acceptAll([sizedDraft(1200)])).resolves.toMatchObject([{ kind: 'accepted' }]);
  });

  test('of ten batches at once two are written at a time, and all are stored', async () => {
    let writing = 0;
    let most = 0;
    const counting: Dispatcher = {
      ...dispatcher,
      assignNew: () => {
        writing += 1;
        most = Math.max(most, writing);
      },
      start: () => {
        writing -= 1;
      },
    };
    const { acceptAll } = createAcceptor({ pool: store.pool, box: secretBox, dispatcher: counting });

    // No batch ends before as many as may have begun: on a busy machine they would take turns by themselves.
    const holder = await store.pool.connect();
    await holder.query('BEGIN; LOCK TABLE events IN SHARE MODE');
    const accepting = Array.from({ length: 10 }, () => acceptAll([store.draft(), store.draft()]));
    await eventually(() => writing === 2).finally(async () => {
      await holder.query('COMMIT');
      holder.release();
    });
    const results = await Promise.all(accepting);

    expect(results.flat().filter(({ kind }) => kind === 'accepted')).toHaveLength(20);
    expect(most).toBe(2);
  });

  test("a project's post and batch do not wait for what another has sent before", async () => {
    const other = await store.newProject();
    // Opens the connections first: several batches end before a new connection is open.
    const clients = await Promise.all(Array.from({ length: 5 }, () => store.pool.connect()));
    for (const client of clients) client.release();
    const order: string[] = [];
    const noting = <T>(name: string, work: Promise<T>): Promise<T> => work.finally(() => order.push(name));
    const flood = [
      ...Array.from({ length: 2_000 }, () => noting('post', acceptor.acceptOne(store.draft()))),
      ...Array.from({ length: 20 }, () => noting('batch', acceptor.acceptAll([store.draft()]))),
    ];
    await Promise.all([
      noting('other post', acceptor.acceptOne(store.draft({ projectId: other }))),
      noting('other batch', acceptor.acceptAll([store.draft({ projectId: other })])),
    ]);
    await Promise.all(flood);

    expect(order.slice(0, order.indexOf('other post')).filter((name) => name === 'post').length).toBeLessThan(
      300,
    );
    expect(
      order.slice(0, order.indexOf('other batch')).filter((name) => name === 'batch').length,
    ).toBeLessThan(5);
  });

  test('a batch that fails leaves its turn to those that wait', async () => {
    const bad = () => acceptor.acceptAll([store.draft({ type: 'no\u0000text' })]);

    const settled = await Promise.allSettled([bad(), bad(), bad(), acceptor.acceptAll([store.draft()])]);

    expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected', 'fulfilled']);
  });

  test('a batch is stored whole or not at all', async () => {
    await acceptor.acceptOne(store.draft({ id: 'same' }));
    const conflicting = store.draft({ id: 'same', contentHash: Buffer.alloc(32, 1) });

    const refused = await acceptor.acceptAll([store.draft(), conflicting]);
    await expect(
      acceptor.acceptAll([store.draft(), store.draft({ type: 'no\u0000text' })]),
    ).rejects.toThrow();

    expect(refused[1]).toEqual({ kind: 'id_conflict' });
    expect(await store.queryOne('SELECT count(*)::int AS n FROM events')).toEqual({ n: 1 });
  });

  test('a commit of which the answer was lost is found by the second try, and its places are given up', async () => {
    await store.newEndpoint();
    const draft = store.draft();
    const connect = store.pool.connect.bind(store.pool) as () => Promise<import('pg').PoolClient>;
    let cut = false;
    const cutAfterCommit = async () => {
      const client = await connect();
      const query = client.query.bind(client) as (...of: unknown[]) => Promise<unknown>;
      client.query = (async (...of: unknown[]) => {
        const answer = await query(...of);
        if (of[0] !== 'COMMIT' || cut) return answer;
        cut = true;
        throw new Error('Connection terminated unexpectedly');
      }) as typeof client.query;
      return client;
    };
    const pool = new Proxy(store.pool, {
      get: (of, name) => (name === 'connect' ? cutAfterCommit : Reflect.get(of, name)),
    });

    const accepted = await createAcceptor({ pool, box: secretBox, dispatcher }).acceptOne(draft);

    expect(accepted).toMatchObject({ kind: 'existing', event: { id: draft.id, deliveryCount: 1 } });
    const { id } = await store.queryOne('SELECT id FROM deliveries');
    expect(dispatcher.abandoned).toContainEqual({ id, mayBeStored: true });
  });
});

describe('on a Postgres that is killed', () => {
  let dataDir: string;
  let postgres: EmbeddedPostgres;

  beforeEach(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'posthorn-acceptor-'));
    chmodSync(dataDir, 0o711);
    postgres = await startEmbeddedPostgres({ dataDir, log: () => {} });
    await migrate(postgres.url);
  });
  afterEach(async () => {
    await postgres.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  test('every post is either stored for good or refused as unavailable, and accepted again afterwards', async () => {
    const store = await seedStore();
    const pool = createPool(postgres.url);
    await pool.query(`INSERT INTO projects (id, name, profile) VALUES ($1, 'test', 'standard-webhooks')`, [
      store.project,
    ]);
    const acceptor = createAcceptor({ pool, box: secretBox, dispatcher: notingDispatcher() });
    const acknowledged: string[] = [];
    const refused: unknown[] = [];
    let stopped = false;
    const producers = Array.from({ length: 16 }, async () => {
      while (!stopped) {
        const draft = store.draft();
        await acceptor.acceptOne(draft).then(
          () => acknowledged.push(draft.id),
          async (error) => {
            refused.push(error);
            await sleep(20);
          },
        );
      }
    });

    await eventually(() => acknowledged.length > 300);
    process.kill(postgres.pid, 'SIGKILL');
    await eventually(() => refused.length > 20 && processIdentity(postgres.pid) === undefined);
    const before = acknowledged.length;
    postgres = await startEmbeddedPostgres({ dataDir, log: () => {} });
    await eventually(() => acknowledged.length > before + 100);
    stopped = true;
    await Promise.all(producers);

    expect(refused.filter((error) => !(error instanceof StoreUnavailable))).toEqual([]);
    const { rows } = await pool.query<{ id: string }>('SELECT id FROM events');
    const stored = new Set(rows.map(({ id }) => id));
    expect(acknowledged.filter((id) => !stored.has(id))).toEqual([]);
    await pool.end();
    await store.drop();
  });
});
