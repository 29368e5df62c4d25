import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { migrate } from '../../../src/store/migrations/migrate.ts';
import { PINNED_SETTINGS } from '../../../src/store/postgres/connection-settings.ts';
import { createPool } from '../../../src/store/postgres/database.ts';
import { receiversPerTest } from '../../receivers/receivers-per-test.ts';
import { openOutcomes } from '../../set-up/outcome-stream.ts';
import { runningPostgres, type TestDatabase } from '../../set-up/servers/database.ts';
import { startTestPosthorn, type TestPosthorn } from '../../set-up/test-posthorn.ts';

/** Settings of a database and a role, each different from those of our connections. */
const OTHERWISE: Record<string, string> = {
  DateStyle: "'SQL, DMY'",
  IntervalStyle: 'sql_standard',
  TimeZone: "'Asia/Kathmandu'",
  client_encoding: 'LATIN1',
  bytea_output: 'escape',
  extra_float_digits: '-15',
  standard_conforming_strings: 'off',
  array_nulls: 'off',
  transform_null_equals: 'on',
  quote_all_identifiers: 'on',
  default_transaction_isolation: 'serializable',
  default_transaction_read_only: 'on',
  default_transaction_deferrable: 'on',
  exit_on_error: 'on',
  enable_seqscan: 'on',
  plan_cache_mode: 'force_custom_plan',
  jit: 'on',
  synchronous_commit: 'off',
  statement_timeout: "'1ms'",
  idle_in_transaction_session_timeout: "'1ms'",
  lock_timeout: "'1ms'",
  idle_session_timeout: "'1ms'",
  search_path: 'nowhere',
  xmlbinary: 'hex',
  xmloption: 'document',
  backslash_quote: 'off',
  row_security: 'off',
};

const receiverThat = receiversPerTest();
const name = `otherwise_${randomBytes(6).toString('hex')}`;
let database: TestDatabase;
let posthorn: TestPosthorn;

beforeAll(async () => {
  await administer(
    `CREATE ROLE ${name} LOGIN PASSWORD 'it is 100% odd'`,
    `CREATE DATABASE ${name} OWNER ${name} TEMPLATE template0`,
    ...Object.entries(OTHERWISE).flatMap(([setting, value]) => [
      `ALTER ROLE ${name} SET ${setting} = ${value}`,
      `ALTER DATABASE ${name} SET ${setting} = ${value}`,
      `ALTER ROLE ${name} IN DATABASE ${name} SET ${setting} = ${value}`,
    ]),
  );
  const url = new URL(runningPostgres());
  Object.assign(url, { username: name, password: 'it is 100%25 odd', pathname: name });
  await migrate(url.toString());
  database = { url: url.toString(), pool: createPool(url.toString()), drop: async () => {} };
  posthorn = await startTestPosthorn({ database });
});

afterAll(async () => {
  await posthorn?.close();
  await database?.pool.end();
  await administer(`DROP DATABASE ${name} WITH (FORCE)`, `DROP ROLE ${name}`);
});

test('every pinned setting applies to a connection of a role and a database with other settings', async () => {
  const { rows } = await database.pool.query<{ name: string; setting: string }>(
    'SELECT name, setting FROM pg_settings',
  );
  const inForce = new Map(rows.map((row) => [row.name.toLowerCase(), row.setting.replaceAll(', ', ',')]));

  for (const [setting, value] of Object.entries(PINNED_SETTINGS))
    expect([setting, inForce.get(setting.toLowerCase())]).toEqual([setting, value]);
  expect(Object.keys(PINNED_SETTINGS).filter((setting) => !(setting in OTHERWISE))).toEqual([]);
});

test('an event is posted, delivered on its second attempt, listed and streamed whatever the settings of the database', async () => {
  const receiver = await receiverThat(500, 200);
  await posthorn.call('PATCH', '/v1/project', { policy: { delays: ['1s'] } });
  await posthorn.newEndpoint(receiver.url, { events: ['a.*'] });
  const stream = await openOutcomes(posthorn.url, posthorn.project.key);
  const before = Date.now();

  const event = await posthorn.call<{ id: string }>('POST', '/v1/events?wait=20s', {
    type: 'a.b',
    data: { text: 'it\\s é €' },
    attributes: { colour: 'blue\\' },
  });

  const { items } = await posthorn.call<{ items: { createdAt: string }[] }>(
    'GET',
    `/v1/events?since=${new Date(before - 60_000).toISOString()}`,
  );
  expect(items).toMatchObject([
    { id: event.id, status: 'delivered', data: { text: 'it\\s é €' }, attributes: { colour: 'blue\\' } },
  ]);
  expect(Math.abs(Date.parse(items[0]!.createdAt) - before)).toBeLessThan(60_000);
  expect(receiver.requests).toHaveLength(2);
  await stream.until((outcomes) => outcomes.some(({ kind }) => kind === 'event.settled'));
  for (const { data } of stream.outcomes) expect(Math.abs(Date.parse(data.at) - before)).toBeLessThan(60_000);
  await stream.close();
});

test('a search path in the URL is used', async () => {
  const url = new URL(database.url);
  url.searchParams.set('options', '-c search_path=elsewhere -c DateStyle=German');
  const pool = createPool(url.toString(), 1);
  const { rows } = await pool.query(
    `SELECT current_setting('search_path') AS path, current_setting('DateStyle') AS style`,
  );
  await pool.end();

  expect(rows).toEqual([{ path: 'elsewhere', style: 'ISO, MDY' }]);
});

async function administer(...statements: string[]): Promise<void> {
  const url = new URL(runningPostgres());
  url.pathname = 'postgres';
  const client = new pg.Client({ connectionString: url.toString() });
  await client.connect();
  for (const statement of statements) await client.query(statement);
  await client.end();
}
