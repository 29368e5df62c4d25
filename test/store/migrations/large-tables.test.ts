import pg from 'pg';
import { migrate } from '../../../src/store/migrations/migrate.ts';
import { MIGRATIONS_FOLDER, readMigrations } from '../../../src/store/migrations/migration-files.ts';
import { withPinnedSettings } from '../../../src/store/postgres/connection-settings.ts';
import { createTestDatabase, type TestDatabase } from '../../set-up/servers/database.ts';
import { brokenRules } from './effects/broken-rules.ts';
import { fillLargeTables, LARGE_TABLES } from './effects/large-tables.ts';
import { createMigrationFolder, type MigrationFolder } from './migration-folder.ts';

/** The rules apply to later ones. Nothing was released before, so no database had large tables. */
const LAST_WITHOUT_RULES = '0030b_audit_shares_counted.sql';

let database: TestDatabase;
let folder: MigrationFolder;
let client: pg.Client;

beforeEach(async () => {
  database = await createTestDatabase();
  await database.pool.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public');
  folder = await createMigrationFolder();
  client = new pg.Client({ connectionString: withPinnedSettings(database.url) });
  await client.connect();
});

afterEach(async () => {
  await client.end();
  await database.drop();
  await folder.remove();
});

async function migrateBefore(isEarlier: (name: string) => boolean): Promise<void> {
  await folder.copy(isEarlier);
  await migrate(database.url, { folder: folder.path });
}

async function migrateToRules(): Promise<void> {
  await migrateBefore((name) => name <= LAST_WITHOUT_RULES);
  await fillLargeTables(client);
}

test('no new migration rewrites, reads, blocks or changes a large table as a whole, or breaks the previous release', async () => {
  await migrateToRules();

  const migrations = await readMigrations(MIGRATIONS_FOLDER);
  for (const migration of migrations.filter(({ name }) => name > LAST_WITHOUT_RULES))
    expect([migration.name, await brokenRules(client, migration)]).toEqual([migration.name, []]);
});

test('every large table exists and has rows', async () => {
  await migrateToRules();

  for (const table of LARGE_TABLES)
    expect([table, (await client.query(`SELECT FROM ${table}`)).rowCount]).toEqual([table, 2]);
});

test('a migration from before the rules breaks them', async () => {
  await migrateBefore((name) => name < '0020_attention.sql');

  const migrations = await readMigrations(MIGRATIONS_FOLDER);
  const attention = migrations.find(({ name }) => name === '0020_attention.sql')!;
  expect(await brokenRules(client, attention)).toEqual([
    'builds the index deliveries_attention of deliveries in a transaction',
    'rewrites deliveries',
  ]);
});

describe('rules', () => {
  beforeEach(migrateToRules);

  const rulesBrokenBy = async (sql: string): Promise<string[]> => {
    await folder.write('9000_new.sql', sql);
    const migrations = await readMigrations(folder.path);
    return brokenRules(client, migrations.at(-1)!);
  };
  const CONTRACT = '-- contract: unused since 0.1.0\n';

  test.each([
    ['CREATE INDEX x ON deliveries (due_at)', ['builds the index x of deliveries in a transaction']],
    [
      'ALTER TABLE outcomes ADD UNIQUE (event_id, seq)',
      ['builds the index outcomes_event_id_seq_key of outcomes in a transaction'],
    ],
    ['DROP INDEX deliveries_newest', ['drops the index deliveries_newest of deliveries in a transaction']],
    ['ALTER TABLE events ADD COLUMN x uuid DEFAULT gen_random_uuid()', ['rewrites events']],
    ['ALTER TABLE events ADD COLUMN x text GENERATED ALWAYS AS (type) STORED', ['rewrites events']],
    [`${CONTRACT}ALTER TABLE attempts ALTER COLUMN number TYPE bigint`, ['rewrites attempts']],
    ['ALTER TABLE attempts ADD CHECK (number > 0)', ['reads all of attempts while it blocks attempts']],
    [
      `${CONTRACT}ALTER TABLE deliveries ALTER COLUMN due_at SET NOT NULL`,
      ['reads all of deliveries while it blocks deliveries'],
    ],
    [
      'ALTER TABLE events ADD FOREIGN KEY (project_id) REFERENCES projects (id)',
      // Postgres reads the table to validate it, here with two rows of a project that does not exist.
      'violates foreign key constraint',
    ],
    [
      'ALTER TABLE endpoints ADD COLUMN x int; CREATE TABLE y AS SELECT status FROM deliveries',
      ['reads all of deliveries while it blocks endpoints'],
    ],
    ["UPDATE deliveries SET lane = 'fast'", ['changes rows of deliveries in one transaction']],
    ['DELETE FROM outcomes', ['changes rows of outcomes in one transaction']],
    [
      'ALTER TABLE events ADD COLUMN x int; ALTER TABLE deliveries ADD COLUMN x int',
      ['blocks deliveries and events in one transaction'],
    ],
    [
      'ALTER TABLE endpoints DROP COLUMN uid',
      ['removes or renames endpoints.uid without a line "-- contract:"'],
    ],
    [
      'ALTER TABLE endpoints RENAME uid TO x',
      ['removes or renames endpoints.uid without a line "-- contract:"'],
    ],
    [
      'ALTER TABLE endpoints ALTER COLUMN concurrency TYPE bigint',
      ['changes the type of endpoints.concurrency without a line "-- contract:"'],
    ],
    [
      'ALTER TABLE endpoints ADD COLUMN x int NOT NULL',
      ['requires a value for endpoints.x without a line "-- contract:"'],
    ],
    [
      '-- in batches\nUPDATE events SET type = type WHERE $1::text IS NULL AND $2 > 0 RETURNING null AS position',
      ['changes more rows of events than a batch has', 'reads all of events for each batch'],
    ],
    [
      '-- in batches\nSELECT clock_timestamp()::text AS position WHERE $1::text IS NULL OR $2 > 0',
      ['does not end after its last row'],
    ],
  ])('are broken by: %s', async (sql, broken) => {
    if (typeof broken === 'string') await expect(rulesBrokenBy(sql)).rejects.toThrow(broken);
    else expect(await rulesBrokenBy(sql)).toEqual(broken);
  });

  test.each([
    'ALTER TABLE deliveries ADD COLUMN x text',
    'ALTER TABLE deliveries ADD COLUMN x boolean NOT NULL DEFAULT false',
    'ALTER TABLE deliveries ADD CONSTRAINT x CHECK (step >= 0) NOT VALID',
    'CREATE TABLE x (id text PRIMARY KEY, project_id text NOT NULL REFERENCES projects (id)); CREATE INDEX y ON x (project_id)',
    'CREATE INDEX x ON endpoints (description)',
    'UPDATE endpoints SET rate = NULL',
    `${CONTRACT}ALTER TABLE endpoints DROP COLUMN uid`,
    `${CONTRACT}ALTER TABLE events DROP COLUMN test`,
    '-- outside a transaction\nCREATE INDEX CONCURRENTLY IF NOT EXISTS x ON deliveries (due_at);\n',
    `-- in batches
     WITH batch AS (SELECT id FROM deliveries WHERE id > coalesce($1, '') ORDER BY id LIMIT $2 FOR UPDATE),
     changed AS (UPDATE deliveries SET lane = 'isolated' FROM batch WHERE deliveries.id = batch.id)
     SELECT max(id) AS position FROM batch`,
    `-- in batches
     WITH batch AS (
       SELECT project_id, id FROM events
       WHERE (project_id, id) > (coalesce(($1::text[])[1], ''), coalesce(($1::text[])[2], ''))
       ORDER BY project_id, id LIMIT $2 FOR UPDATE
     ),
     changed AS (
       UPDATE events SET test = true FROM batch
       WHERE events.project_id = batch.project_id AND events.id = batch.id
     )
     SELECT max(ARRAY[project_id, id])::text AS position FROM batch`,
  ])('are kept by: %s', async (sql) => {
    expect(await rulesBrokenBy(sql)).toEqual([]);
  });

  const FILL = `-- in batches
    WITH batch AS (SELECT id FROM deliveries WHERE id > coalesce($1, '') ORDER BY id LIMIT $2 FOR UPDATE),
    changed AS (UPDATE deliveries SET x = step FROM batch WHERE deliveries.id = batch.id)
    SELECT max(id) AS position FROM batch`;

  test('are kept by a column that is filled in batches, checked without a lock, and then required', async () => {
    for (const sql of [
      'ALTER TABLE deliveries ADD COLUMN x int',
      FILL,
      'ALTER TABLE deliveries ADD CONSTRAINT x_filled CHECK (x IS NOT NULL) NOT VALID',
      'ALTER TABLE deliveries VALIDATE CONSTRAINT x_filled',
      `${CONTRACT}ALTER TABLE deliveries ALTER COLUMN x SET NOT NULL; ALTER TABLE deliveries DROP CONSTRAINT x_filled`,
    ])
      expect([sql, await rulesBrokenBy(sql)]).toEqual([sql, []]);
    expect((await client.query('SELECT count(x)::int AS n FROM deliveries')).rows).toEqual([{ n: 2 }]);
  });

  // Postgres drops the check first, and then has to read the table.
  test('are broken if the check is dropped together with the requirement', async () => {
    for (const sql of [
      'ALTER TABLE deliveries ADD COLUMN x int',
      FILL,
      'ALTER TABLE deliveries ADD CONSTRAINT x_filled CHECK (x IS NOT NULL)',
    ])
      await rulesBrokenBy(sql);

    expect(
      await rulesBrokenBy(
        `${CONTRACT}ALTER TABLE deliveries ALTER COLUMN x SET NOT NULL, DROP CONSTRAINT x_filled`,
      ),
    ).toEqual(['reads all of deliveries while it blocks deliveries']);
  });
});
