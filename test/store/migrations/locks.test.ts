import pg from 'pg';
import { type MigrateOptions, migrate } from '../../../src/store/migrations/migrate.ts';
import { eventually } from '../../set-up/eventually.ts';
import { createTestDatabase, type TestDatabase } from '../../set-up/servers/database.ts';
import { createMigrationFolder, type MigrationFolder } from './migration-folder.ts';

let database: TestDatabase;
let folder: MigrationFolder;
let other: pg.Client;

beforeEach(async () => {
  database = await createTestDatabase();
  await database.pool.query('CREATE TABLE busy (id int, secret text)');
  folder = await createMigrationFolder();
  await folder.write('0101_column.sql', 'ALTER TABLE busy ADD COLUMN more int');
  other = new pg.Client({ connectionString: database.url, application_name: 'reports' });
  await other.connect();
});

afterEach(async () => {
  await other.end();
  await database.drop();
  await folder.remove();
});

const run = (options: MigrateOptions = {}) =>
  migrate(database.url, { folder: folder.path, locks: { tries: 2, pauseMs: 300 }, ...options });

async function holdLock(): Promise<number> {
  await other.query('BEGIN');
  await other.query("SELECT count(*) FROM busy WHERE secret = 'hunter2'");
  const { rows } = await other.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  return rows[0]!.pid;
}

const columnsOfBusy = async () =>
  (
    await database.pool.query<{ name: string }>(
      `SELECT column_name AS name FROM information_schema.columns WHERE table_name = 'busy' ORDER BY ordinal_position`,
    )
  ).rows.map(({ name }) => name);

test('a migration gives up after its tries, and names the session that holds the lock without its query', async () => {
  const pid = await holdLock();

  const failure = (await run().catch((error) => error)) as Error;

  expect(failure.message).toMatch(
    new RegExp(
      `^migration 0101_column.sql failed: in 2 tries, a lock was not granted. It is held by pid ${pid} ` +
        String.raw`\(user \w+, reports, idle in transaction, query started at 20\S+Z, transaction started at 20\S+Z\)\. ` +
        String.raw`Wait until it has ended, or end it with SELECT pg_terminate_backend\(${pid}\); then migrate again$`,
    ),
  );
  expect(failure.message).not.toMatch(/hunter2|count/);
  expect(await columnsOfBusy()).toEqual(['id', 'secret']);
});

test('a migration that did not get its lock tries again, and says whom it waited for', async () => {
  const pid = await holdLock();
  const lines: string[] = [];
  const migrated = run({ log: (line) => lines.push(line), locks: { tries: 10, pauseMs: 100 } });

  await eventually(() => lines.length > 0);
  await other.query('COMMIT');

  await expect(migrated).resolves.toEqual(['0101_column.sql']);
  expect(lines[0]).toContain(`0101_column.sql: try 1 of 10 waited in vain for a lock of pid ${pid} (`);
  expect(await columnsOfBusy()).toEqual(['id', 'secret', 'more']);
});

test('writes wait for a migration that waits for its lock no longer than one try', async () => {
  await holdLock();
  const migrated = run({ locks: { tries: 3, pauseMs: 500 } }).catch((error: Error) => error.message);
  let longest = 0;
  let ended = false;
  void migrated.then(() => (ended = true));
  while (!ended) {
    const startedAt = performance.now();
    await database.pool.query('INSERT INTO busy (id) VALUES (1)');
    longest = Math.max(longest, performance.now() - startedAt);
  }

  expect(await migrated).toContain('in 3 tries');
  // The writes have waited behind the migration, for deadlock_timeout (1 s) and half a second; the rest is for a busy machine.
  expect(longest).toBeGreaterThan(500);
  expect(longest).toBeLessThan(4_000);
});

test('statements before the one that did not get its lock are rolled back, and applied once in the end', async () => {
  await folder.write(
    '0101_column.sql',
    'CREATE TABLE log (id int); INSERT INTO log VALUES (1); ALTER TABLE busy ADD COLUMN more int',
  );
  await holdLock();
  await expect(run()).rejects.toThrow('0101_column.sql failed');
  await expect(database.pool.query('SELECT FROM log')).rejects.toThrow('"log" does not exist');
  await other.query('COMMIT');

  await run();

  expect((await database.pool.query('SELECT id FROM log')).rows).toEqual([{ id: 1 }]);
});
