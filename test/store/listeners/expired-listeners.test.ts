import { DEFAULT_QUOTAS } from '../../../src/policy/quotas.ts';
import { deleteExpiredListeners } from '../../../src/store/listeners/connections.ts';
import { hasListener, registerListener } from '../../../src/store/listeners/listeners.ts';
import { newId } from '../../../src/store/postgres/ids.ts';
import { eventually } from '../../set-up/eventually.ts';
import { type SeededStore, seedStore } from '../seed.ts';

let store: SeededStore;
beforeEach(async () => {
  store = await seedStore();
});
afterEach(() => store.drop());

async function newExpiredListener(): Promise<string> {
  const id = newId('ep', Date.now());
  const endpoint = { id, projectId: store.project, consumer: null, url: `listener:${id}`, events: ['*'] };
  const sealed = { description: null, headers: null, secrets: Buffer.from('sealed') };
  await registerListener(store.pool, { ...endpoint, ...sealed }, { keyHash: null, quotas: DEFAULT_QUOTAS });
  await store.pool.query(`UPDATE listeners SET expires_at = now() - interval '1 second'`);
  return id;
}

const LOCK_WAITS = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;

test('while an endpoint is being changed, the expiry of its listener waits without holding it, and checks again', async () => {
  const id = await newExpiredListener();
  const client = await store.pool.connect();
  await client.query('BEGIN');
  await client.query('SELECT FROM endpoints WHERE id = $1 FOR UPDATE', [id]);
  const expiry = deleteExpiredListeners(store.pool);
  await eventually(async () => (await store.pool.query(LOCK_WAITS)).rowCount === 1);

  await client.query('SELECT FROM listeners WHERE endpoint_id = $1 FOR UPDATE NOWAIT', [id]);
  await client.query(`UPDATE listeners SET expires_at = now() + interval '1 hour' WHERE endpoint_id = $1`, [
    id,
  ]);
  await client.query('COMMIT');
  client.release();

  expect(await expiry).toBe(0);
  expect(await hasListener(store.pool, { projectId: store.project, consumer: null }, id)).toBe(true);
});
