import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../../src/embedded/postgres/postgres.ts';
import type { Check } from '../../../src/service/doctor/check.ts';
import { checkPostgres } from '../../../src/service/doctor/check-postgres.ts';
import { migrate } from '../../../src/store/migrations/migrate.ts';
import { startReceiver } from '../../receivers/receiver.ts';
import { eventually } from '../../set-up/eventually.ts';
import { createTestNamespace, temporalAddress } from '../../set-up/servers/temporal.ts';
import { startTestPosthorn, type TestPosthorn } from '../../set-up/test-posthorn.ts';
import { runCommand } from '../commands/run-command.ts';

/** The shared server of the tests has fsync off, which is a fault. */
let folder: string;
let postgres: EmbeddedPostgres;
let posthorn: TestPosthorn;

const SECRETS = {
  POSTHORN_ADMIN_KEY: 'admin-key-canary-0123456789-0123456789',
  POSTHORN_ENCRYPTION_KEYS: Buffer.alloc(32, 9).toString('base64'),
};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'posthorn-doctor-'));
  chmodSync(folder, 0o711); // root's Postgres is another user, who passes through
  postgres = await startEmbeddedPostgres({ dataDir: folder, log: () => {} });
  await migrate(postgres.url);
  posthorn = await startTestPosthorn();
});
afterAll(async () => {
  await posthorn?.close();
  await postgres?.stop();
  if (postgres) rmSync(postgres.folder, { recursive: true });
  rmSync(folder, { recursive: true });
});

const variables = (): Record<string, string> => ({
  DATABASE_URL: postgres.url,
  TEMPORAL_ADDRESS: temporalAddress(),
  TEMPORAL_NAMESPACE: posthorn.config.temporal.namespace,
  POSTHORN_DATA_DIR: '/nonexistent',
  ...SECRETS,
});

/** Runs the command, and expects that its output contains none of the secrets that it has. */
async function doctor(env: Record<string, string> = {}, ...args: string[]) {
  const given = { ...variables(), ...env };
  const { code, stdout, stderr } = await runCommand(['doctor', '--json', ...args], given);
  const secrets = [...Object.values(SECRETS), ...passwordsIn(given)];
  for (const secret of secrets) expect(stdout + stderr).not.toContain(secret);
  const { ok, checks } = JSON.parse(stdout) as { ok: boolean; checks: Check[] };
  expect(ok).toBe(code === 0);
  return { code, checks: Object.fromEntries(checks.map((check) => [check.check, check])) };
}

const passwordsIn = (env: Record<string, string>): string[] =>
  Object.values(env).flatMap((value) => (URL.canParse(value) ? new URL(value).password || [] : []));

async function administer<T extends pg.QueryResultRow>(...statements: string[]): Promise<T[]> {
  const client = new pg.Client({ connectionString: postgres.url });
  await client.connect();
  let rows: T[] = [];
  for (const statement of statements) ({ rows } = await client.query<T>(statement));
  await client.end();
  return rows;
}

async function postgresChecks(limits?: {
  seconds: number;
  transactions: number;
}): Promise<Record<string, Check>> {
  const checks: Check[] = [];
  for await (const check of checkPostgres({ databaseUrl: postgres.url, databasePool: 10 }, limits))
    checks.push(check);
  return Object.fromEntries(checks.map((check) => [check.check, check]));
}

test('an installation that works passes every check, and the exit code is 0', async () => {
  const receiver = await startReceiver([204]);
  const { code, checks } = await doctor(
    { POSTHORN_ALLOW_TARGETS: '127.0.0.0/8', POSTHORN_PORT: '0' },
    receiver.url,
    '--method',
    'POST',
  );
  await receiver.close();

  const problems = Object.values(checks).filter(({ check, status }) => status !== 'ok' && check !== 'url');
  expect(problems).toEqual([]);
  expect(code).toBe(0);
  expect(Object.keys(checks)).toEqual([
    'configuration',
    'open files',
    'postgres',
    'schema',
    'postgres durability',
    'postgres autovacuum',
    'postgres connections',
    'postgres transactions',
    'postgres transaction ids',
    'clock',
    'temporal',
    'temporal namespace',
    'temporal search attributes',
    'temporal workers',
    'temporal clock',
    'url',
    'guard',
    'connection',
    'response',
  ]);
  expect(receiver.requests).toHaveLength(1);
});

test('without --json, each check is one line, with what to do if it is wrong', async () => {
  const { code, stdout } = await runCommand(['doctor'], { ...variables(), TEMPORAL_NAMESPACE: 'nowhere' });

  const lines = stdout.trimEnd().split('\n');
  expect(lines.every((line) => /^(ok {5}|warning|failed ) {2}[a-z ]+: \S.*\.$/.test(line))).toBe(true);
  expect(lines.at(-1)).toMatch(
    /^failed {3}temporal namespace: The namespace nowhere does not exist\. Correct TEMPORAL_NAMESPACE/,
  );
  expect(code).toBe(1);
});

test('each problem of the configuration is reported, without the values', async () => {
  const { code, checks } = await doctor({ POSTHORN_PORT: 'canary-port', POSTHORN_ADMIN_KEY: 'short' });

  expect(code).toBe(1);
  expect(Object.keys(checks)).toEqual(['configuration']);
  expect(JSON.stringify(checks)).not.toContain('canary-port');
});

test('a server that loses data, without autovacuum and with too few connections, is described', async () => {
  await administer(
    'ALTER SYSTEM SET fsync = off',
    'ALTER SYSTEM SET autovacuum = off',
    'ALTER DATABASE posthorn CONNECTION LIMIT 20',
    'SELECT pg_reload_conf()',
  );
  try {
    await eventually(async () => (await administer<{ fsync: string }>('SHOW fsync'))[0]!.fsync === 'off');
    const checks = await postgresChecks();

    expect(checks['postgres durability']).toMatchObject({
      status: 'failed',
      found: expect.stringContaining('fsync is off'),
    });
    expect(checks['postgres autovacuum']).toMatchObject({ status: 'failed' });
    expect(checks['postgres connections']).toMatchObject({
      status: 'failed',
      found: expect.stringContaining('20 are for Posthorn'),
    });
  } finally {
    await administer(
      'ALTER DATABASE posthorn CONNECTION LIMIT -1',
      'ALTER SYSTEM RESET ALL',
      'SELECT pg_reload_conf()',
    );
  }
});

test('a table without autovacuum is named', async () => {
  await administer('ALTER TABLE deliveries SET (autovacuum_enabled = off)');
  const checks = await postgresChecks();
  await administer('ALTER TABLE deliveries RESET (autovacuum_enabled)');

  expect(checks['postgres autovacuum']!.found).toContain('off for deliveries');
});

test('an open transaction in another database is found by its age', async () => {
  const other = new URL(postgres.url);
  other.pathname = 'postgres';
  const client = new pg.Client({ connectionString: other.toString() });
  await client.connect();
  await client.query('BEGIN');
  await client.query('SELECT pg_current_xact_id()');
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  try {
    expect((await postgresChecks())['postgres transactions']!.status).toBe('ok');
    expect((await postgresChecks({ seconds: 0, transactions: 0 }))['postgres transactions']).toMatchObject({
      status: 'failed',
      found: expect.stringContaining(`process ${rows[0]!.pid} in the database postgres`),
    });
  } finally {
    await client.end();
  }
});

test('a database that is not migrated is told to be, and the checks that need no table go on', async () => {
  await administer('CREATE DATABASE empty');
  const empty = new URL(postgres.url);
  empty.pathname = 'empty';
  const { code, checks } = await doctor({ DATABASE_URL: empty.toString() });

  expect(code).toBe(1);
  expect(checks.schema).toMatchObject({ status: 'failed', fix: 'Run "posthorn migrate".' });
  expect(checks['postgres durability']!.status).toBe('ok');
  expect(checks['postgres connections']).toBeUndefined();
});

test('servers that cannot be reached are reported with the variable, and the other one is still checked', async () => {
  const { code, checks } = await doctor({
    DATABASE_URL: 'postgres://user:canary-password@127.0.0.1:1/none',
    TEMPORAL_ADDRESS: '127.0.0.1:1',
  });

  expect(code).toBe(1);
  expect(checks.postgres!.found).toMatch(/^DATABASE_URL: nothing listens at 127\.0\.0\.1:1/);
  expect(checks.temporal!.found).toMatch(/^Nothing listens at 127\.0\.0\.1:1/);
});

test('a namespace in which no worker polls, and without search attributes, is described and not changed', async () => {
  const namespace = await createTestNamespace();
  const { code, checks } = await doctor({ TEMPORAL_NAMESPACE: namespace });
  const again = await doctor({ TEMPORAL_NAMESPACE: namespace });

  expect(code).toBe(1);
  expect(checks['temporal workers']).toMatchObject({
    status: 'failed',
    found: expect.stringContaining('posthorn-slow'),
  });
  expect(checks['temporal search attributes']).toMatchObject({ status: 'warning' });
  expect(again.checks['temporal search attributes']).toEqual(checks['temporal search attributes']);
});

test('a deployment of which no build is current is a fault', async () => {
  const { checks } = await doctor({ POSTHORN_DEPLOYMENT: 'hooks' });

  expect(checks['temporal deployment']).toMatchObject({
    status: 'failed',
    found: 'No build of hooks is current, so its workers get no new workflows.',
  });
});

test('a clock that is ten minutes ahead is a fault beside Postgres and a warning beside Temporal', async () => {
  const { code, checks } = await doctor({
    NODE_OPTIONS: `--import=${join(__dirname, '../../faults/installation/shifted-clock.mjs')}`,
    CLOCK_SHIFT_MS: '600000',
  });

  expect(code).toBe(1);
  expect(checks.clock).toMatchObject({
    status: 'failed',
    found: expect.stringMatching(/600 s ahead of Postgres/),
  });
  expect(checks['temporal clock']).toMatchObject({
    status: 'warning',
    found: expect.stringMatching(/(600|599) s ahead of Temporal/),
  });
});

test('without variables, the servers of "posthorn start" on the data folder are checked', async () => {
  const { checks } = await doctor({
    DATABASE_URL: '',
    TEMPORAL_ADDRESS: '',
    POSTHORN_DATA_DIR: folder,
  });

  expect(checks.configuration!.found).toContain('posthorn start');
  expect(checks.postgres).toMatchObject({ status: 'ok' });
  expect(checks.temporal).toMatchObject({
    status: 'failed',
    found: expect.stringContaining('TEMPORAL_ADDRESS is not set'),
  });
});

test('a method that is not offered is wrong usage', async () => {
  expect((await runCommand(['doctor', '--method', 'DELETE'], variables())).code).toBe(2);
});
