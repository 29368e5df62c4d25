import pg from 'pg';
import { migrate } from '../../../src/store/migrations/migrate.ts';
import { eventually } from '../../set-up/eventually.ts';
import { createTestDatabase, type TestDatabase } from '../../set-up/servers/database.ts';
import { createMigrationFolder, type MigrationFolder } from './migration-folder.ts';
import { startMigrating } from './process/migrating-process.ts';

const BACKFILL = '0101_count.sql';
const ROWS = 2_000;

// Not repeatable, so that a row in two batches, or in none, would show.
const COUNT_EACH_ROW_ONCE = `-- in batches
  WITH batch AS (
    SELECT id FROM busy WHERE id > coalesce($1, '') ORDER BY id LIMIT $2 FOR UPDATE
  ),
  changed AS (
    UPDATE busy SET times = times + 1 FROM batch WHERE busy.id = batch.id
  )
  SELECT max(id) AS position FROM batch`;

let database: TestDatabase;
let folder: MigrationFolder;

beforeEach(async () => {
  database = await createTestDatabase();
  await database.pool.query('CREATE TABLE busy (id text PRIMARY KEY, times int NOT NULL DEFAULT 0)');
  await database.pool.query(
    `INSERT INTO busy (id) SELECT to_char(n, 'FM00000') FROM generate_series(1, ${ROWS}) AS n`,
  );
  folder = await createMigrationFolder();
  await folder.write(BACKFILL, COUNT_EACH_ROW_ONCE);
});

afterEach(async () => {
  await database.drop();
  await folder.remove();
});

const run = (log = (_: string) => {}) =>
  migrate(database.url, {
    folder: folder.path,
    log,
    batchRows: 100,
    progressMs: 0,
    locks: { tries: 10, pauseMs: 100 },
  });

const rowsByTimes = async () =>
  (await database.pool.query('SELECT times, count(*)::int AS rows FROM busy GROUP BY times')).rows;
const progress = async () =>
  (await database.pool.query<{ batches: number }>('SELECT * FROM schema_backfills')).rows;

test('all rows are updated in batches, each committed, and the log says how far it is', async () => {
  const lines: string[] = [];

  await expect(run((line) => lines.push(line))).resolves.toEqual([BACKFILL]);

  expect(await rowsByTimes()).toEqual([{ times: 1, rows: ROWS }]);
  const versions = 'SELECT count(DISTINCT xmin::text)::int AS transactions FROM busy';
  expect((await database.pool.query(versions)).rows).toEqual([{ transactions: ROWS / 100 }]);
  expect(lines[0]).toBe(`${BACKFILL}: running in batches.`);
  expect(lines.at(-1)).toBe(`${BACKFILL}: 20 batches of 100 rows are done.`);
  expect(await progress()).toEqual([]);
  await expect(run()).resolves.toEqual([]);
});

test('a process that is killed in the middle is followed by one that goes on, and no row is in two batches', async () => {
  // It waits for this row, so it cannot be done before it is killed.
  const holder = new pg.Client({ connectionString: database.url });
  await holder.connect();
  await holder.query("BEGIN; SELECT FROM busy WHERE id = '01500' FOR UPDATE");
  const killed = startMigrating(database.url, folder.path, 10);
  await eventually(async () => ((await progress())[0]?.batches ?? 0) >= 5);
  await killed.kill();
  await holder.end();
  const [left] = await progress();
  const before = await rowsByTimes();

  const lines: string[] = [];
  await run((line) => lines.push(line));

  expect(before).toHaveLength(2); // some rows were done, others not
  expect(left!.batches).toBeGreaterThanOrEqual(5);
  expect(lines[0]).toMatch(/going on after \d+ batches\.$/);
  expect(await rowsByTimes()).toEqual([{ times: 1, rows: ROWS }]);
});

test('a batch waits for a row that another transaction holds, and is tried again', async () => {
  const other = new pg.Client({ connectionString: database.url });
  await other.connect();
  await other.query("BEGIN; UPDATE busy SET times = 0 WHERE id = '01500'");
  const lines: string[] = [];
  const migrated = run((line) => lines.push(line));
  await eventually(() => lines.some((line) => line.includes('waited in vain')));

  // Batches before it are committed, so its rows can be written.
  await database.pool.query("SET lock_timeout = 1000; UPDATE busy SET times = times WHERE id = '00001'");
  await other.query('COMMIT');
  await other.end();

  await migrated;
  expect(await rowsByTimes()).toEqual([{ times: 1, rows: ROWS }]);
});

test('a batch that fails keeps those before it', async () => {
  await database.pool.query('ALTER TABLE busy ADD CHECK (times < 2)');
  await database.pool.query("UPDATE busy SET times = 1 WHERE id = '01500'");
  await expect(run()).rejects.toThrow(`migration ${BACKFILL} failed: new row for relation "busy" violates`);
  expect((await progress())[0]!.batches).toBe(14);

  await database.pool.query("UPDATE busy SET times = 0 WHERE id = '01500'");
  await run();
  expect(await rowsByTimes()).toEqual([{ times: 1, rows: ROWS }]);
});

test.each([
  ["SELECT 'x' AS position WHERE $2::int > 0 OR $1::text IS NULL", 'the position that it was given'],
  ['UPDATE busy SET times = $2::int WHERE id > $1', 'one row with the column position'],
  ['SELECT $1::text AS position WHERE $2::int < 0', 'one row with the column position'],
])('a statement that would not end is refused: %s', async (sql, message) => {
  await folder.write(BACKFILL, `-- in batches\n${sql}`);

  await expect(run()).rejects.toThrow(message);
  expect(await rowsByTimes()).toEqual([{ times: 0, rows: ROWS }]);
});
