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

/* The tests run at the same time: each waits for processes that start. */

let namespace: string;
beforeAll(async () => {
  namespace = await createTestNamespace();
});
afterAll(endAllProcesses);

/** An empty folder of a test. */
async function inFolder(play: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-failure-'));
  await play(folder).finally(() => rmSync(folder, { recursive: true }));
}

/** A folder and a migrated database of a test. */
const withDatabase = (play: (folder: string, database: TestDatabase) => Promise<void>): Promise<void> =>
  inFolder(async (folder) => {
    const database = await createTestDatabase();
    await play(folder, database).finally(() => database.drop());
  });

const NOTHING_SET = Object.fromEntries(
  ['DATABASE_URL', 'TEMPORAL_ADDRESS', 'POSTHORN_PORT', 'POSTHORN_METRICS_PORT'].map((name) => [name, '']),
);
const start = (folder: string, env: NodeJS.ProcessEnv): PosthornProcess =>
  startPosthorn('start', {
    ...NOTHING_SET,
    POSTHORN_PORT: '0', // of several that check the default port at the same time, one would find it taken
    POSTHORN_DATA_DIR: join(folder, 'data'),
    ...env,
  });

const onRealServers = (folder: string, databaseUrl: string): NodeJS.ProcessEnv => ({
  DATABASE_URL: databaseUrl,
  TEMPORAL_ADDRESS: temporalAddress(),
  TEMPORAL_NAMESPACE: namespace,
  POSTHORN_ADMIN_KEY: 'admin-key-of-the-tests-of-failures-0',
  POSTHORN_ENCRYPTION_KEYS: Buffer.alloc(32, 7).toString('base64'),
  POSTHORN_PORT: '0',
  POSTHORN_DATA_DIR: join(folder, 'data'),
});

/** Expects an exit code and a message without a stack trace, before anything was started. Returns the output. */
async function startFailureOf(folder: string, posthorn: PosthornProcess, code = 1): Promise<string> {
  expect(await posthorn.ended).toBe(code);
  const output = posthorn.output();
  expect(output).not.toMatch(/^\s+at |node:internal|Error:/m);
  expect(output).not.toMatch(/Starting Postgres/);
  await eventually(() => processesWith(folder).length === 0);
  return output;
}

async function takePort(): Promise<Server> {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  return taken;
}

test.concurrent('a task queue that belongs to another database is reported, until the database takes it over', () =>
  withDatabase(async (folder, database) => {
    const env = { ...onRealServers(folder, database.url), TEMPORAL_NAMESPACE: await createTestNamespace() };
    const owner = start(folder, env);
    await owner.untilPrinted(/Posthorn is ready/);
    await owner.end('SIGTERM');
    const copy = await createTestDatabase();
    const ofCopy = { ...env, DATABASE_URL: copy.url };

    const withoutTemporal = { ...ofCopy, TEMPORAL_ADDRESS: '127.0.0.1:1' };
    const [refused, unreachable] = await Promise.all([
      startFailureOf(folder, startPosthorn('api', ofCopy)),
      startFailureOf(folder, startPosthorn('migrate', withoutTemporal, '--take-over')),
    ]);
    expect(refused).toMatch(/could not start: The task queue "posthorn" .*"posthorn migrate --take-over"/);
    expect(unreachable).toMatch(/Nothing listens at 127\.0\.0\.1:1/);
    const migration = startPosthorn('migrate', ofCopy, '--take-over');
    expect(await migration.ended).toBe(0);
    expect(migration.output()).toContain('This database has the task queue posthorn');
    const restored = start(folder, ofCopy);
    await restored.untilPrinted(/Posthorn is ready/);
    await restored.end('SIGTERM');

    expect(await startFailureOf(folder, start(folder, env))).toMatch(/belongs to another database/);
    const takesOver = startPosthorn('start', { ...NOTHING_SET, ...env }, '--take-over');
    await takesOver.untilPrinted(/Posthorn is ready/);
    await takesOver.end('SIGTERM');
    await copy.drop();
  }));

test.concurrent.each([
  'POSTHORN_PORT',
  'POSTHORN_METRICS_PORT',
  'POSTHORN_HEALTH_PORT',
  'POSTHORN_SAMPLE_PORT',
])('a %s that is taken is reported before anything starts', (variable) =>
  inFolder(async (folder) => {
    const taken = await takePort();
    const port = String((taken.address() as AddressInfo).port);
    const words = await startFailureOf(folder, start(folder, { [variable]: port })).finally(() =>
      taken.close(),
    );
    expect(words).toMatch(
      new RegExp(`Port ${port} on 127\\.0\\.0\\.1 is taken: .*Set ${variable} to a free one`),
    );
  }),
);

test.concurrent('the same port for two listeners is reported with both variables', () =>
  inFolder(async (folder) => {
    const words = await startFailureOf(
      folder,
      start(folder, { POSTHORN_METRICS_PORT: '9464', POSTHORN_HEALTH_PORT: '9464' }),
    );
    expect(words).toMatch(/POSTHORN_METRICS_PORT and POSTHORN_HEALTH_PORT are both 9464/);
  }));

test.concurrent('a POSTHORN_HOST that is not an address of this machine is reported', () =>
  inFolder(async (folder) => {
    const words = await startFailureOf(
      folder,
      start(folder, { POSTHORN_HOST: '192.0.2.1', POSTHORN_PORT: '4000' }),
    );
    expect(words).toMatch(/POSTHORN_HOST is 192\.0\.2\.1, which is not an address of this machine/);
  }));

test.concurrent.each<[string, (folder: string) => string]>([
  ['that the system refuses', () => '/proc/posthorn'],
  ['that is a file', fileIn],
  ['below a file', (folder) => join(fileIn(folder), 'below')],
])('a POSTHORN_DATA_DIR %s is reported', (_, dataDir) =>
  inFolder(async (folder) => {
    const words = await startFailureOf(folder, start(folder, { POSTHORN_DATA_DIR: dataDir(folder) }));
    expect(words).toMatch(/could not start: The data folder \S+ cannot be used: .*Set POSTHORN_DATA_DIR to/);
  }),
);

function fileIn(of: string): string {
  const file = join(of, 'file');
  writeFileSync(file, '');
  return file;
}

test.concurrent('an invalid TEMPORAL_CLI_PATH is reported before Postgres starts', () =>
  inFolder(async (folder) => {
    const words = await startFailureOf(folder, start(folder, { TEMPORAL_CLI_PATH: '/bin/true' }));
    expect(words).toMatch(/TEMPORAL_CLI_PATH is \/bin\/true, which does not run as the Temporal CLI/);
  }));

test.concurrent.each(['api', 'worker', 'start'])(
  '"posthorn %s" reports a DATABASE_URL at which nothing listens',
  (command) =>
    inFolder(async (folder) => {
      const env = onRealServers(folder, 'postgres://posthorn:pa55word@127.0.0.1:1/posthorn');
      const words = await startFailureOf(folder, startPosthorn(command, env));
      expect(words).toMatch(/could not start: DATABASE_URL: nothing listens at 127\.0\.0\.1:1/);
      expect(words).not.toContain('pa55word');
    }),
);

test.concurrent('"posthorn migrate" reports it too, on one line', () =>
  inFolder(async (folder) => {
    const env = { DATABASE_URL: 'postgres://posthorn:pa55word@127.0.0.1:1/posthorn' };
    const words = await startFailureOf(folder, startPosthorn('migrate', env));
    expect(words).toMatch(/^posthorn migrate: DATABASE_URL: nothing listens at 127\.0\.0\.1:1 .*\.\n$/);
  }));

test.concurrent.each(['api', 'worker'])('"posthorn %s" refuses a database with another schema', (command) =>
  withDatabase(async (folder, database) => {
    await database.pool.query("INSERT INTO schema_migrations (name, checksum) VALUES ('9999_later.sql', '')");
    const newer = await startFailureOf(folder, startPosthorn(command, onRealServers(folder, database.url)));
    expect(newer).toMatch(/could not start: .*migrated by a newer release \(9999_later\.sql\)/);
    await database.pool.query("DELETE FROM schema_migrations WHERE name = '9999_later.sql'");

    await database.pool.query('ALTER TABLE schema_migrations RENAME TO hidden');
    const unmigrated = await startFailureOf(
      folder,
      startPosthorn(command, onRealServers(folder, database.url)),
    );
    await database.pool.query('ALTER TABLE hidden RENAME TO schema_migrations');
    expect(unmigrated).toMatch(/could not start: .*not migrated .*Run "posthorn migrate" first/);
  }),
);

test.concurrent.each([
  ['bogus', /unknown command 'bogus'/],
  ['start --foo', /unknown option '--foo'/],
  ['api there', /too many arguments for 'api'/],
  ['try', /missing required argument 'profile'/],
])('"posthorn %s" is rejected with one sentence and exit code 2', (line, words) =>
  inFolder(async (folder) => {
    const [command, ...args] = line.split(' ');
    expect(await startFailureOf(folder, startPosthorn(command!, NOTHING_SET, ...args), 2)).toMatch(words);
  }),
);

test.concurrent.each([
  ['--version', /^\d+\.\d+\.\d+\n$/],
  ['--help', /^Usage: posthorn[\s\S]*migrate[\s\S]*docs\/configuration\.md/],
])('"posthorn %s" exits with code 0', async (option, words) => {
  const posthorn = startPosthorn(option, NOTHING_SET);
  expect(await posthorn.ended).toBe(0);
  expect(posthorn.output()).toMatch(words);
});
