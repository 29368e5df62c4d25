import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { migrate } from '../../../src/store/migrations/migrate.ts';
import { MIGRATIONS_FOLDER, migrationNames } from '../../../src/store/migrations/migration-files.ts';
import { schemaText } from '../../../src/store/migrations/schema-text.ts';
import { eventually } from '../../set-up/eventually.ts';
import { createTestDatabase, type TestDatabase } from '../../set-up/servers/database.ts';
import { createMigrationFolder, type MigrationFolder } from './migration-folder.ts';
import { startMigrating } from './process/migrating-process.ts';
import { startWriters, type Writers } from './process/writers.ts';

/** Before it is the schema from which this test migrates. Nothing is released yet. */
const FIRST_NEW = '0020_attention.sql';

const OLD_EVENTS = 20_000;

/** Of a statement; about 1.5 s if the machine is not busy. */
const LONGEST_WAIT_MS = 10_000;

let database: TestDatabase;
let folder: MigrationFolder;
let writers: Writers;
let clients: pg.Client[];

beforeEach(async () => {
  clients = [];
  database = await createTestDatabase();
  await database.pool.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public');
  folder = await createMigrationFolder();
});

afterEach(async () => {
  await Promise.all(clients.map((client) => client.end()));
  await writers.stop();
  await database.drop();
  await folder.remove();
});

async function seedSchema(isApplied: (name: string) => boolean): Promise<void> {
  await folder.copy(isApplied);
  await migrate(database.url, { folder: folder.path });
  for (const statement of SEED) await database.pool.query(statement);
}

const INSERT_EVENTS = `
  INSERT INTO events (project_id, id, type, attributes, body, data, content_hash, profile, profile_version, status,
                      delivery_count, open_count, created_at)
  SELECT 'prj', 'old_' || n, 'a', '{}', '{}', '{}', '', 'p', 1, 'delivered', 1, 0, now()
  FROM generate_series(1, ${OLD_EVENTS}) AS n`;
const SEED = [
  INSERT_EVENTS,
  `INSERT INTO deliveries (id, project_id, event_id, receiver, policy, status, created_at, settled_at)
   SELECT id, 'prj', id, 'ep', '{}', 'delivered', now(), now() FROM events`,
  `INSERT INTO attempts (delivery_id, epoch, number, step, trigger, started_at, duration_ms, outcome)
   SELECT id, 1, 1, 0, 'schedule', now(), 1, 'delivered' FROM deliveries`,
];

const appliedCount = async () =>
  Number((await database.pool.query('SELECT count(*) FROM schema_migrations')).rows[0].count);

const countOf = async (sql: string) =>
  Number((await database.pool.query(`SELECT count(*) FROM ${sql}`)).rows[0].count);

/** Kills a migrating process before it has recorded this migration. */
async function killInside(name: string): Promise<void> {
  const holder = await connect('holder');
  await holder.query(`
    SELECT pg_advisory_lock(1);
    CREATE FUNCTION wait_for_holder() RETURNS trigger LANGUAGE plpgsql AS
      'BEGIN PERFORM pg_advisory_xact_lock(1); RETURN NEW; END';
    CREATE TRIGGER wait_for_holder BEFORE INSERT ON schema_migrations
      FOR EACH ROW WHEN (NEW.name = '${name}') EXECUTE FUNCTION wait_for_holder()`);
  const killed = startMigrating(database.url, MIGRATIONS_FOLDER);
  await eventually(async () => (await countOf(`${MIGRATING_BACKENDS} AND wait_event = 'advisory'`)) === 1);
  await killed.kill();
  await holder.query('SELECT pg_advisory_unlock(1)');
  await eventually(async () => (await countOf(MIGRATING_BACKENDS)) === 0);
  await holder.query('DROP FUNCTION wait_for_holder CASCADE');
}

/** Ended after the test. */
async function connect(application_name: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: database.url, application_name });
  clients.push(client);
  await client.connect();
  return client;
}

test('a database is migrated while others write to it, and the migrating process is killed several times', async () => {
  // Migrations before 0031 rewrite tables: with more rows than here, writes would wait for longer.
  await seedSchema((name) => name < FIRST_NEW);
  writers = startWriters(database.url, 4);
  const reader = await connect('report');
  await eventually(() => writers.written.length > 100);

  // A report reads deliveries when the first migration wants to change them.
  await reader.query('BEGIN; SELECT count(*) FROM deliveries');
  const waiting = startMigrating(database.url, MIGRATIONS_FOLDER);
  await eventually(() => waiting.output().includes('waited in vain for a lock of pid'));
  await reader.query('COMMIT');
  await reader.end();
  await waiting.kill();

  const all = migrationNames(MIGRATIONS_FOLDER);
  const missing = all.filter((name) => name >= FIRST_NEW);
  for (const name of [missing[1]!, missing[5]!, missing.at(-2)!]) await killInside(name);
  const killedAt = await appliedCount();
  const last = startMigrating(database.url, MIGRATIONS_FOLDER);
  expect([await last.ended, last.output()]).toEqual([0, expect.any(String)]);
  const during = writers.written.length;
  await eventually(() => writers.written.length > during + 100);
  await writers.stop();

  expect(killedAt).toBeLessThan(all.length);
  expect(writers.failures).toEqual([]);
  expect(writers.longestWait()).toBeLessThan(LONGEST_WAIT_MS);
  const events = OLD_EVENTS + writers.written.length;
  expect(await countOf("events WHERE status = 'delivered' AND sequence IS NOT NULL")).toBe(events);
  expect(await countOf("deliveries JOIN attempts ON delivery_id = id WHERE status = 'delivered'")).toBe(
    events,
  );
  expect(await appliedCount()).toBe(all.length);
  expect(await schemaText(database.pool)).toBe(
    await readFile(join(MIGRATIONS_FOLDER, '../docs/schema.txt'), 'utf8'),
  );
});

test('an expansion in the ways of CONTRIBUTING.md is killed in the backfill and in the build of the index', async () => {
  await seedSchema(() => true);
  const [expand, ...others] = EXPANSION;
  await folder.write(...expand!);
  await migrate(database.url, { folder: folder.path });
  for (const [name, sql] of others) await folder.write(name, sql);
  writers = startWriters(database.url, 4);
  await eventually(() => writers.written.length > 100);

  // The backfill waits for a row near the end, in the order of the ids, so it cannot be done before it is killed.
  const holder = await connect('holder');
  await holder.query(`BEGIN; SELECT FROM deliveries WHERE id = 'old_9' FOR UPDATE`);
  const inBackfill = startMigrating(database.url, folder.path, 100);
  await eventually(async () => (await countOf('schema_backfills WHERE batches > 5')) === 1);
  await inBackfill.kill();
  await holder.end();
  // The build waits for the end of this transaction.
  const reader = await connect('report');
  await reader.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM deliveries');
  const inBuild = startMigrating(database.url, folder.path, 500);
  await eventually(async () => (await countOf(INVALID_INDEX)) === 1);
  await inBuild.kill();
  await eventually(async () => (await countOf(MIGRATING_BACKENDS)) === 0);
  await reader.end();
  expect(await countOf(INVALID_INDEX)).toBe(1);

  const last = startMigrating(database.url, folder.path, 500);
  expect([await last.ended, last.output()]).toEqual([
    0,
    expect.stringContaining('dropping the invalid index'),
  ]);
  const during = writers.written.length;
  await eventually(() => writers.written.length > during + 100);
  await writers.stop();

  expect(inBackfill.output() + inBuild.output()).toContain('9002_fill.sql: going on after');
  expect(writers.failures).toEqual([]);
  expect(writers.longestWait()).toBeLessThan(LONGEST_WAIT_MS);
  expect(await countOf('deliveries WHERE size = 1')).toBe(OLD_EVENTS + writers.written.length);
  expect(await countOf("pg_index WHERE indexrelid = 'deliveries_size'::regclass AND indisvalid")).toBe(1);
});

/** A required column that the previous release does not write: it has a default until the contraction. */
const EXPANSION: [string, string][] = [
  [
    '9001_expand.sql',
    `ALTER TABLE deliveries ADD COLUMN size int;
     ALTER TABLE deliveries ALTER COLUMN size SET DEFAULT 1;`, // for new rows; with ADD COLUMN, for all
  ],
  [
    '9002_fill.sql',
    `-- in batches
     WITH batch AS (SELECT id, size FROM deliveries WHERE id > coalesce($1, '') ORDER BY id LIMIT $2 FOR UPDATE),
     changed AS (UPDATE deliveries SET size = 1 FROM batch WHERE deliveries.id = batch.id AND batch.size IS NULL)
     SELECT max(id) AS position FROM batch`,
  ],
  [
    '9003_index.sql',
    `-- outside a transaction
     CREATE INDEX CONCURRENTLY IF NOT EXISTS deliveries_size ON deliveries (project_id, size);`,
  ],
  ['9004_check.sql', 'ALTER TABLE deliveries ADD CONSTRAINT size_set CHECK (size IS NOT NULL) NOT VALID'],
  ['9005_validate.sql', 'ALTER TABLE deliveries VALIDATE CONSTRAINT size_set'],
  [
    '9006_require.sql',
    `ALTER TABLE deliveries ALTER COLUMN size SET NOT NULL;
     ALTER TABLE deliveries DROP CONSTRAINT size_set;`,
  ],
];

const INVALID_INDEX = "pg_index WHERE indexrelid = to_regclass('deliveries_size') AND NOT indisvalid";

const MIGRATING_BACKENDS =
  "pg_stat_activity WHERE application_name = 'posthorn migrate' AND datname = current_database()";
