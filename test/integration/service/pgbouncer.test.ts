import { checkDatabases } from '../../../src/service/preflight/check-databases.ts';
import { createPoolThroughPooler } from '../../../src/store/postgres/database.ts';
import { detectPoolingMode } from '../../../src/store/postgres/pooling-mode.ts';
import { type Receiver, startReceiver } from '../../receivers/receiver.ts';
import { openOutcomes } from '../../set-up/outcome-stream.ts';
import { createTestDatabase, type TestDatabase } from '../../set-up/servers/database.ts';
import { type PgBouncer, startPgBouncer, testWithPgBouncer } from '../../set-up/servers/pgbouncer.ts';
import { startTestPosthorn, type TestPosthorn } from '../../set-up/test-posthorn.ts';

let database: TestDatabase;
let pooler: PgBouncer | undefined;
let posthorn: TestPosthorn | undefined;
let receiver: Receiver | undefined;
beforeEach(async () => {
  database = await createTestDatabase();
});
afterEach(async () => {
  await posthorn?.close();
  await receiver?.close();
  await pooler?.close();
  posthorn = pooler = receiver = undefined;
  await database.drop();
});

async function through(settings: Record<string, string> = {}): Promise<string> {
  pooler = await startPgBouncer(database.url, settings);
  return pooler.urlOf(database.url);
}

const IGNORING = {
  ignore_startup_parameters:
    'extra_float_digits,options,statement_timeout,idle_in_transaction_session_timeout',
};

test('Postgres itself is not a pooler', async () => {
  expect(await detectPoolingMode(database.url)).toBe('none');
  await expect(checkDatabases({ databaseUrl: database.url }, false)).resolves.toBeUndefined();
});

testWithPgBouncer('each mode of PgBouncer is detected by its behaviour', async () => {
  const transaction = await through();
  expect(await detectPoolingMode(transaction)).toBe('transaction');
  await pooler!.close();
  const session = await through({ pool_mode: 'session' });
  expect(await detectPoolingMode(session)).toBe('session');
});

testWithPgBouncer('transaction mode without a direct URL is refused in one sentence', async () => {
  for (const settings of [{}, IGNORING]) {
    const databaseUrl = await through(settings);
    await expect(checkDatabases({ databaseUrl }, true)).rejects.toThrow(
      /^DATABASE_URL leads to a pooler in transaction mode, .*: set DATABASE_DIRECT_URL to .*\.$/,
    );
    await pooler!.close();
  }
  pooler = undefined;
});

testWithPgBouncer('session mode is refused where it keeps our settings from Postgres', async () => {
  for (const settings of [{}, IGNORING]) {
    const databaseUrl = await through({ ...settings, pool_mode: 'session' });
    await expect(checkDatabases({ databaseUrl }, true)).rejects.toThrow(
      /^DATABASE_URL leads to a pooler that (refuses|does not pass on) settings .*DATABASE_DIRECT_URL/,
    );
    await pooler!.close();
  }
  pooler = undefined;
});

testWithPgBouncer('two URLs that do not belong together are refused', async () => {
  const databaseUrl = await through();
  const other = await createTestDatabase();
  try {
    await expect(checkDatabases({ databaseUrl, databaseDirectUrl: other.url }, false)).rejects.toThrow(
      /DATABASE_URL and DATABASE_DIRECT_URL lead to two databases/,
    );
    await expect(checkDatabases({ databaseUrl, databaseDirectUrl: databaseUrl }, false)).rejects.toThrow(
      /DATABASE_DIRECT_URL leads to a pooler, too/,
    );
  } finally {
    await other.drop();
  }
});

testWithPgBouncer('"migrate" gives the role what the statements rely on; the others ask for it', async () => {
  const name = new URL(database.url).pathname.slice(1);
  await database.pool.query(`ALTER DATABASE ${name} SET DateStyle = 'SQL, DMY'`);
  await database.pool.query(`ALTER DATABASE ${name} SET synchronous_commit = off`);
  const urls = { databaseUrl: await through(), databaseDirectUrl: database.url };

  await expect(checkDatabases(urls, false)).rejects.toThrow(
    /role of DATABASE_URL has other settings .*synchronous_commit.* Run "posthorn migrate"/,
  );
  await checkDatabases(urls, true);
  await expect(checkDatabases(urls, false)).resolves.toBeUndefined();

  const pool = createPoolThroughPooler(urls.databaseUrl, 5);
  const shown = await Promise.all(
    ['DateStyle', 'synchronous_commit', 'statement_timeout'].map((setting) => pool.query(`SHOW ${setting}`)),
  ).finally(() => pool.end());
  expect(shown.map(({ rows }) => Object.values(rows[0]!)[0])).toEqual(['ISO, MDY', 'on', '30s']);
});

testWithPgBouncer(
  'events are delivered through transaction mode, and their outcomes are notified at once',
  async () => {
    const urls = { databaseUrl: await through({ default_pool_size: '12' }), databaseDirectUrl: database.url };
    await checkDatabases(urls, true);
    posthorn = await startTestPosthorn({ database, settings: urls });
    const failing = Array.from({ length: 10 }, () => 500);
    receiver = await startReceiver([...failing, 200]);
    await posthorn.call('PATCH', '/v1/project', { policy: { delays: ['1s', '1s', '1s'], timeout: '5s' } });
    await posthorn.newEndpoint(receiver.url);
    const outcomes = await openOutcomes(posthorn.url, posthorn.project.key);

    const events = Array.from({ length: 200 }, (_, index) => ({
      id: `e_${index}`,
      type: 'a.b',
      data: { index },
    }));
    await Promise.all(events.map((event) => posthorn!.post(event)));
    for (const { id } of events) expect((await posthorn.untilSettled(id)).status).toBe('delivered');

    const settled = (received: { kind: string }[]) => received.filter(({ kind }) => kind === 'event.settled');
    await outcomes.until((received) => settled(received).length === events.length);
    await outcomes.close();
  },
);
