import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../../set-up/eventually.ts';
import { createTestDatabase, type TestDatabase } from '../../set-up/servers/database.ts';
import { createTestNamespace, temporalAddress } from '../../set-up/servers/temporal.ts';
import { endAllProcesses, type PosthornProcess, startPosthorn } from '../installation/posthorn-process.ts';
import { processesWith } from '../installation/process-tree.ts';

let folder: string;
let taken: Server | undefined;
let database: TestDatabase;
let namespace: string;
beforeAll(async () => {
  database = await createTestDatabase();
  namespace = await createTestNamespace();
});
afterAll(() => database.drop());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'posthorn-failure-'));
});
afterEach(async () => {
  await endAllProcesses();
  taken?.close();
  taken = undefined;
  rmSync(folder, { recursive: true });
});

const NOTHING_SET = Object.fromEntries(
  ['DATABASE_URL', 'TEMPORAL_ADDRESS', 'POSTHORN_PORT', 'POSTHORN_METRICS_PORT'].map((name) => [name, '']),
);
const start = (env: NodeJS.ProcessEnv): PosthornProcess =>
  startPosthorn('start', { ...NOTHING_SET, POSTHORN_DATA_DIR: join(folder, 'data'), ...env });

const onRealServers = (): NodeJS.ProcessEnv => ({
  DATABASE_URL: database.url,
  TEMPORAL_ADDRESS: temporalAddress(),
  TEMPORAL_NAMESPACE: namespace,
  POSTHORN_ADMIN_KEY: 'admin-key-of-the-tests-of-failures-0',
  POSTHORN_ENCRYPTION_KEYS: Buffer.alloc(32, 7).toString('base64'),
  POSTHORN_PORT: '0',
  POSTHORN_DATA_DIR: join(folder, 'data'),
});

/** Expects an exit code and a message without a stack trace, before anything was started. Returns the output. */
async function startFailureOf(posthorn: PosthornProcess, code = 1): Promise<string> {
  expect(await posthorn.ended).toBe(code);
  const output = posthorn.output();
  expect(output).not.toMatch(/^\s+at |node:internal|Error:/m);
  expect(output).not.toMatch(/Starting Postgres/);
  await eventually(() => processesWith(folder).length === 0);
  return output;
}

async function takePort(): Promise<string> {
  taken = createServer();
  await new Promise<void>((resolve) => taken!.listen(0, '127.0.0.1', resolve));
  return String((taken.address() as AddressInfo).port);
}

test.each(['POSTHORN_PORT', 'POSTHORN_METRICS_PORT', 'POSTHORN_HEALTH_PORT', 'POSTHORN_SAMPLE_PORT'])(
  'a %s that is taken is reported before anything starts',
  async (variable) => {
    const port = await takePort();
    const words = await startFailureOf(start({ [variable]: port }));
    expect(words).toMatch(
      new RegExp(`Port ${port} on 127\\.0\\.0\\.1 is taken: .*Set ${variable} to a free one`),
    );
  },
);

test('the same port for two listeners is reported with both variables', async () => {
  const words = await startFailureOf(start({ POSTHORN_METRICS_PORT: '9464', POSTHORN_HEALTH_PORT: '9464' }));
  expect(words).toMatch(/POSTHORN_METRICS_PORT and POSTHORN_HEALTH_PORT are both 9464/);
});

test('a POSTHORN_HOST that is not an address of this machine is reported', async () => {
  const words = await startFailureOf(start({ POSTHORN_HOST: '192.0.2.1', POSTHORN_PORT: '4000' }));
  expect(words).toMatch(/POSTHORN_HOST is 192\.0\.2\.1, which is not an address of this machine/);
});

test.each<[string, () => string]>([
  ['that the system refuses', () => '/proc/posthorn'],
  ['that is a file', () => fileIn(folder)],
  ['below a file', () => join(fileIn(folder), 'below')],
])('a POSTHORN_DATA_DIR %s is reported', async (_, dataDir) => {
  const words = await startFailureOf(start({ POSTHORN_DATA_DIR: dataDir() }));
  expect(words).toMatch(/could not start: The data folder \S+ cannot be used: .*Set POSTHORN_DATA_DIR to/);
});

function fileIn(of: string): string {
  const file = join(of, 'file');
  writeFileSync(file, '');
  return file;
}

test('an invalid TEMPORAL_CLI_PATH is reported before Postgres starts', async () => {
  const words = await startFailureOf(start({ TEMPORAL_CLI_PATH: '/bin/true' }));
  expect(words).toMatch(/TEMPORAL_CLI_PATH is \/bin\/true, which does not run as the Temporal CLI/);
});

test.each(['api', 'worker', 'start'])(
  '"posthorn %s" reports a DATABASE_URL at which nothing listens',
  async (command) => {
    const env = { ...onRealServers(), DATABASE_URL: 'postgres://posthorn:pa55word@127.0.0.1:1/posthorn' };
    const words = await startFailureOf(startPosthorn(command, env));
    expect(words).toMatch(/could not start: DATABASE_URL: nothing listens at 127\.0\.0\.1:1/);
    expect(words).not.toContain('pa55word');
  },
);

test('"posthorn migrate" reports it too, on one line', async () => {
  const env = { DATABASE_URL: 'postgres://posthorn:pa55word@127.0.0.1:1/posthorn' };
  const words = await startFailureOf(startPosthorn('migrate', env));
  expect(words).toMatch(/^posthorn migrate: DATABASE_URL: nothing listens at 127\.0\.0\.1:1 .*\.\n$/);
});

test.each(['api', 'worker'])('"posthorn %s" refuses a database with another schema', async (command) => {
  await database.pool.query("INSERT INTO schema_migrations (name, checksum) VALUES ('9999_later.sql', '')");
  const newer = await startFailureOf(startPosthorn(command, onRealServers()));
  expect(newer).toMatch(/could not start: .*migrated by a newer release \(9999_later\.sql\)/);
  await database.pool.query("DELETE FROM schema_migrations WHERE name = '9999_later.sql'");

  await database.pool.query('ALTER TABLE schema_migrations RENAME TO hidden');
  const unmigrated = await startFailureOf(startPosthorn(command, onRealServers()));
  await database.pool.query('ALTER TABLE hidden RENAME TO schema_migrations');
  expect(unmigrated).toMatch(/could not start: .*not migrated .*Run "posthorn migrate" first/);
});

test('a task queue that belongs to another database is reported, until the database takes it over', async () => {
  const env = { ...onRealServers(), TEMPORAL_NAMESPACE: await createTestNamespace() };
  const owner = start(env);
  await owner.untilPrinted(/Posthorn is ready/);
  await owner.end('SIGTERM');
  const copy = await createTestDatabase();
  const ofCopy = { ...env, DATABASE_URL: copy.url };

  const words = await startFailureOf(startPosthorn('api', ofCopy));
  expect(words).toMatch(/could not start: The task queue "posthorn" .*"posthorn migrate --take-over"/);
  const unreachable = startPosthorn('migrate', { ...ofCopy, TEMPORAL_ADDRESS: '127.0.0.1:1' }, '--take-over');
  expect(await startFailureOf(unreachable)).toMatch(/Nothing listens at 127\.0\.0\.1:1/);
  const migration = startPosthorn('migrate', ofCopy, '--take-over');
  expect(await migration.ended).toBe(0);
  expect(migration.output()).toContain('This database has the task queue posthorn');
  const restored = start(ofCopy);
  await restored.untilPrinted(/Posthorn is ready/);
  await restored.end('SIGTERM');

  expect(await startFailureOf(start(env))).toMatch(/belongs to another database/);
  const takesOver = startPosthorn('start', { ...NOTHING_SET, ...env }, '--take-over');
  await takesOver.untilPrinted(/Posthorn is ready/);
  await endAllProcesses();
  await copy.drop();
});

test.each([
  ['bogus', /unknown command 'bogus'/],
  ['start --foo', /unknown option '--foo'/],
  ['api there', /too many arguments for 'api'/],
  ['try', /missing required argument 'profile'/],
])('"posthorn %s" is rejected with one sentence and exit code 2', async (line, words) => {
  const [command, ...args] = line.split(' ');
  expect(await startFailureOf(startPosthorn(command!, NOTHING_SET, ...args), 2)).toMatch(words);
});

test.each([
  ['--version', /^\d+\.\d+\.\d+\n$/],
  ['--help', /^Usage: posthorn[\s\S]*migrate[\s\S]*docs\/configuration\.md/],
])('"posthorn %s" exits with code 0', async (option, words) => {
  const posthorn = startPosthorn(option, NOTHING_SET);
  expect(await posthorn.ended).toBe(0);
  expect(posthorn.output()).toMatch(words);
});
