import pg from 'pg';
import { migrate } from '../../../src/store/migrations/migrate.ts';
import { eventually } from '../../set-up/eventually.ts';
import { createTestDatabase, type TestDatabase } from '../../set-up/servers/database.ts';
import { createMigrationFolder, type MigrationFolder } from './migration-folder.ts';
import { startMigrating } from './process/migrating-process.ts';

const INDEX = '0102_index.sql';
const OUTSIDE = '-- outside a transaction\n';

let database: TestDatabase;
let folder: MigrationFolder;
let other: pg.Client;

beforeEach(async () => {
  database = await createTestDatabase();
  await database.pool.query('CREATE TABLE busy (id int); INSERT INTO busy SELECT generate_series(1, 1000)');
  folder = await createMigrationFolder();
  await folder.write('0101_first.sql', 'CREATE TABLE first (id int)');
  await folder.write(
    INDEX,
    `${OUTSIDE}-- Why it is needed;\nCREATE INDEX CONCURRENTLY IF NOT EXISTS busy_id\n  ON busy (id);\n`,
  );
  other = new pg.Client({ connectionString: database.url });
  await other.connect();
});

afterEach(async () => {
  await other.end();
  await database.drop();
  await folder.remove();
});

const run = (log = (_: string) => {}) =>
  migrate(database.url, { folder: folder.path, log, progressMs: 100, locks: { tries: 3, pauseMs: 100 } });

/** As the transaction of a writer that takes long. */
async function holdTransaction(): Promise<number> {
  await other.query('BEGIN; INSERT INTO busy VALUES (0)');
  return (await other.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows[0]!.pid;
}

async function stateOfIndex(name: string): Promise<'none' | 'invalid' | 'valid'> {
  const { rows } = await database.pool.query<{ valid: boolean }>(
    'SELECT indisvalid AS valid FROM pg_index WHERE indexrelid = to_regclass($1)',
    [name],
  );
  if (rows.length === 0) return 'none';
  return rows[0]!.valid ? 'valid' : 'invalid';
}

test('an index is built while others write, and the log says whose transaction it waits for', async () => {
  const pid = await holdTransaction();
  const lines: string[] = [];
  const migrated = run((line) => lines.push(line));
  await eventually(() => lines.some((line) => line.includes(`waits for pid ${pid} (`)));

  await database.pool.query('SET lock_timeout = 1000; INSERT INTO busy VALUES (-1); RESET lock_timeout');
  await other.query('COMMIT');

  await expect(migrated).resolves.toEqual(['0101_first.sql', INDEX]);
  await expect(run()).resolves.toEqual([]);
  expect(await stateOfIndex('busy_id')).toBe('valid');
  expect(lines[0]).toMatch(`${INDEX}: building the index busy_id beside the writes; `);
  expect(lines.join('\n')).toMatch(/waiting for writers before build; waits for pid/);
});

// With pg_advisory_lock, the second process would have a snapshot that the build of the first waits for.
test('a second process that migrates meanwhile waits for the first, and not the first for it', async () => {
  await holdTransaction();
  const [first, second]: string[][] = [[], []];
  const migrated = [run((line) => first!.push(line))];
  await eventually(() => first!.some((line) => line.includes('waits for pid')));
  migrated.push(run((line) => second!.push(line)));
  await eventually(() => second!.length > 0);
  await other.query('COMMIT');

  expect(await Promise.all(migrated)).toEqual([['0101_first.sql', INDEX], []]);
  expect(second).toEqual(['Another process is migrating this database; waiting until it has ended.']);
});

test('an invalid index that a killed process has left is dropped and built anew', async () => {
  await holdTransaction();
  const killed = startMigrating(database.url, folder.path);
  await eventually(
    async () => killed.output().includes('waits for') && (await stateOfIndex('busy_id')) !== 'none',
  );
  await killed.kill();
  await eventually(async () => (await migratingBackends()) === 0);
  await other.query('COMMIT');
  expect(await stateOfIndex('busy_id')).toBe('invalid');

  const lines: string[] = [];
  await expect(run((line) => lines.push(line))).resolves.toEqual([INDEX]);

  expect(lines[0]).toBe(`${INDEX}: dropping the invalid index busy_id of an earlier run.`);
  expect(await stateOfIndex('busy_id')).toBe('valid');
});

test('a unique index whose build fails is built anew once the rows are unique', async () => {
  await folder.write(
    INDEX,
    `${OUTSIDE}CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS busy_unique ON busy (id)`,
  );
  await database.pool.query('INSERT INTO busy VALUES (1)');

  await expect(run()).rejects.toThrow(
    `migration ${INDEX} failed: could not create unique index "busy_unique"`,
  );
  expect(await stateOfIndex('busy_unique')).toBe('invalid');
  await database.pool.query('DELETE FROM busy WHERE id = 1');

  await run();
  expect(await stateOfIndex('busy_unique')).toBe('valid');
});

test('an index that was built by a process killed before it could note that is left as it is', async () => {
  await run();
  await database.pool.query('DELETE FROM schema_migrations WHERE name = $1', [INDEX]);
  const oid = async () => (await database.pool.query("SELECT to_regclass('busy_id')::oid AS oid")).rows[0];
  const before = await oid();

  await expect(run()).resolves.toEqual([INDEX]);
  expect(await oid()).toEqual(before);
});

test.each([
  'CREATE INDEX busy_id ON busy (id)',
  'CREATE INDEX CONCURRENTLY busy_id ON busy (id)',
  'DROP INDEX CONCURRENTLY busy_id',
  'DROP INDEX CONCURRENTLY IF EXISTS other; CREATE INDEX CONCURRENTLY busy_id ON busy (id)',
  'UPDATE busy SET id = 1',
])('a file whose statements cannot be repeated is refused: %s', async (sql) => {
  await folder.write(INDEX, OUTSIDE + sql.replaceAll('; ', ';\n'));

  await expect(run()).rejects.toThrow(`${INDEX} failed: outside a transaction, every statement has to be`);
  expect(await stateOfIndex('busy_id')).toBe('none');
});

test('a file that does not say that it runs outside a transaction cannot build an index concurrently', async () => {
  await folder.write(INDEX, 'CREATE INDEX CONCURRENTLY IF NOT EXISTS busy_id ON busy (id)');

  await expect(run()).rejects.toThrow('CREATE INDEX CONCURRENTLY cannot run inside a transaction block');
});

test('an index takes the place of another one', async () => {
  await run();
  await folder.write(
    '0103_better.sql',
    `${OUTSIDE}CREATE INDEX CONCURRENTLY IF NOT EXISTS busy_better ON busy (id)\n  WHERE id > 0;\n` +
      'DROP INDEX CONCURRENTLY IF EXISTS busy_id;\n',
  );

  await expect(run()).resolves.toEqual(['0103_better.sql']);
  expect([await stateOfIndex('busy_better'), await stateOfIndex('busy_id')]).toEqual(['valid', 'none']);
});

async function migratingBackends(): Promise<number> {
  const { rows } = await database.pool.query<{ n: number }>(
    `SELECT count(*)::int AS n FROM pg_stat_activity
     WHERE application_name = 'posthorn migrate' AND datname = current_database()`,
  );
  return rows[0]!.n;
}
