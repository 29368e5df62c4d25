import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createAcceptor } from '../../../../src/dispatch/accept/acceptor.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../../../src/embedded/postgres/postgres.ts';
import { processIdentity } from '../../../../src/embedded/processes/process-identity.ts';
import { migrate } from '../../../../src/store/migrations/migrate.ts';
import { createPool, StoreUnavailable } from '../../../../src/store/postgres/database.ts';
import { eventually } from '../../../set-up/eventually.ts';
import { type SeededStore, secretBox, seedStore } from '../../../store/seed.ts';
import { recordingReserve } from '../recording-reserve.ts';

let store: SeededStore;

beforeEach(async () => {
  store = await seedStore();
});
afterEach(() => store.drop());

test('a commit whose confirmation was lost is found by the retry, and its start slots are freed', async () => {
  const { reserve, released } = recordingReserve();
  await store.newEndpoint();
  const draft = store.draft();
  const connect = store.pool.connect.bind(store.pool) as (
    ...of: unknown[]
  ) => Promise<import('pg').PoolClient>;
  let cut = false;
  const cutAfterCommit = async (...callback: unknown[]) => {
    if (callback.length > 0) return connect(...callback);
    const client = await connect();
    const query = client.query.bind(client) as (...of: unknown[]) => Promise<unknown>;
    client.query = (async (...of: unknown[]) => {
      const result = await query(...of);
      if (of[0] !== 'COMMIT' || cut) return result;
      cut = true;
      throw new Error('Connection terminated unexpectedly');
    }) as typeof client.query;
    return client;
  };
  const pool = new Proxy(store.pool, {
    get: (of, name) => (name === 'connect' ? cutAfterCommit : Reflect.get(of, name)),
  });

  const accepted = await createAcceptor({ pool, box: secretBox, reserve }).acceptOne(draft);

  expect(accepted).toMatchObject({ kind: 'existing', event: { id: draft.id, deliveryCount: 1 } });
  const { id } = await store.queryOne('SELECT id FROM deliveries');
  expect(released).toContainEqual({ id, mayBeStored: true });
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

  test('every post is either stored durably or refused as unavailable, and posts are accepted again afterwards', async () => {
    const pool = createPool(postgres.url);
    await pool.query(`INSERT INTO projects (id, name, profile) VALUES ($1, 'test', 'standard-webhooks')`, [
      store.project,
    ]);
    const acceptor = createAcceptor({ pool, box: secretBox, reserve: recordingReserve().reserve });
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
  });
});
