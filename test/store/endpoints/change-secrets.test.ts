import type pg from 'pg';
import { activeSecrets, withNewSecret } from '../../../src/secrets/secret-rotation.ts';
import { changeSecrets } from '../../../src/store/endpoints/change-secrets.ts';
import { markEndpointDeleted } from '../../../src/store/endpoints/delete-endpoint.ts';
import { endpointSecretsContext } from '../../../src/store/endpoints/endpoints.ts';
import { eventually } from '../../set-up/eventually.ts';
import { SECRET, type SeededStore, secretBox, seedStore } from '../seed.ts';

const NOW = Date.parse('2026-04-06T10:00:00Z');
const HOUR = 3_600_000;

let store: SeededStore;
beforeAll(async () => {
  store = await seedStore();
});
afterAll(() => store.drop());

const scope = () => ({ projectId: store.project, consumer: null });

const adding = (endpoint: string, secret: string) => (sealed: Buffer) => {
  const place = endpointSecretsContext(store.project, endpoint);
  return secretBox.seal(withNewSecret(secretBox.open(sealed, place), secret, NOW, HOUR), place);
};

async function secretsOf(endpoint: string): Promise<string[]> {
  const { secrets } = await store.queryOne<{ secrets: Buffer }>(
    'SELECT secrets FROM endpoints WHERE id = $1',
    [endpoint],
  );
  return activeSecrets(secretBox.open(secrets, endpointSecretsContext(store.project, endpoint)), NOW);
}

/** Runs `work` while a transaction of `first` is open, and commits that transaction once `work` waits for it. */
async function behind<T>(
  first: (client: pg.PoolClient) => Promise<unknown>,
  work: () => Promise<T>,
): Promise<T> {
  const client = await store.pool.connect();
  try {
    await client.query('BEGIN');
    await first(client);
    const running = work();
    await eventually(async () => {
      const { rows } = await store.pool.query(
        `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      );
      return rows.length > 0;
    });
    await client.query('COMMIT');
    return await running;
  } finally {
    client.release();
  }
}

test('a rotation that waited for another keeps the secret that the other created', async () => {
  const endpoint = await store.newEndpoint();
  const lock = `SELECT secrets FROM endpoints WHERE id = $1 FOR NO KEY UPDATE`;
  await behind(
    async (client) => {
      const { rows } = await client.query<{ secrets: Buffer }>(lock, [endpoint]);
      const changed = adding(endpoint, 'first')(rows[0]!.secrets);
      await client.query('UPDATE endpoints SET secrets = $2 WHERE id = $1', [endpoint, changed]);
    },
    () => changeSecrets(store.pool, scope(), endpoint, adding(endpoint, 'second')),
  );
  expect(await secretsOf(endpoint)).toEqual(['second', 'first', SECRET]);
});

test('a rotation that waited for the deletion of its endpoint finds no endpoint', async () => {
  const endpoint = await store.newEndpoint();
  const changed = await behind(
    (client) =>
      client.query(`UPDATE endpoints SET status = 'deleted', secrets = NULL WHERE id = $1`, [endpoint]),
    () => changeSecrets(store.pool, scope(), endpoint, adding(endpoint, 'late')),
  );
  expect(changed).toBeUndefined();
  const { secrets } = await store.queryOne('SELECT secrets FROM endpoints WHERE id = $1', [endpoint]);
  expect(secrets).toBeNull();
});

test('a rotation does not wait for events that are being accepted', async () => {
  const endpoint = await store.newEndpoint();
  const client = await store.pool.connect();
  await client.query('BEGIN');
  await client.query('SELECT FROM endpoints WHERE id = $1 FOR KEY SHARE', [endpoint]);
  expect(await changeSecrets(store.pool, scope(), endpoint, adding(endpoint, 'new'))).toMatchObject({
    id: endpoint,
  });
  await client.query('COMMIT');
  client.release();
});

test('secrets can be changed only in the endpoint’s project and consumer, and not after its deletion', async () => {
  const endpoint = await store.newEndpoint({ consumer: 'acme' });
  const never = () => {
    throw new Error('opened');
  };
  const other = await store.newProject();
  for (const stranger of [
    { projectId: other, consumer: null },
    { projectId: store.project, consumer: 'globex' },
  ]) {
    expect(await changeSecrets(store.pool, stranger, endpoint, never)).toBeUndefined();
  }
  await markEndpointDeleted(store.pool, store.project, null, endpoint);
  expect(await changeSecrets(store.pool, scope(), endpoint, never)).toBeUndefined();
});
