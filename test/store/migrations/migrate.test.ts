import { ChangedMigration, migrate } from '../../../src/store/migrations/migrate.ts';
import { createTestDatabase, type TestDatabase } from '../../set-up/servers/database.ts';
import { createMigrationFolder, type MigrationFolder } from './migration-folder.ts';

let database: TestDatabase;
let migrations: MigrationFolder;
let folder: string;

beforeEach(async () => {
  database = await createTestDatabase();
  migrations = await createMigrationFolder();
  folder = migrations.path;
  await migrations.write('0101_first.sql', 'CREATE TABLE first (id int); INSERT INTO first VALUES (1);');
});

afterEach(async () => {
  await database.drop();
  await migrations.remove();
});

const rowsOf = async (sql: string) => (await database.pool.query(sql)).rows;

test('a database that is up to date does not change', async () => {
  await expect(migrate(database.url)).resolves.toEqual([]);
});

test('missing migrations are applied once, in the order of their names', async () => {
  await migrations.write('0102_second.sql', 'INSERT INTO first VALUES (2)');

  await expect(migrate(database.url, { folder })).resolves.toEqual(['0101_first.sql', '0102_second.sql']);
  await expect(migrate(database.url, { folder })).resolves.toEqual([]);

  expect(await rowsOf('SELECT id FROM first ORDER BY id')).toEqual([{ id: 1 }, { id: 2 }]);
});

test('two processes that migrate at the same time apply each migration once', async () => {
  const applied = await Promise.all([migrate(database.url, { folder }), migrate(database.url, { folder })]);

  expect(applied.flat()).toEqual(['0101_first.sql']);
  expect(await rowsOf('SELECT id FROM first')).toEqual([{ id: 1 }]);
});

test('a migration that fails is rolled back, and those before it stay applied', async () => {
  await migrations.write('0102_broken.sql', 'INSERT INTO first VALUES (2); SELECT nothing FROM nowhere;');

  await expect(migrate(database.url, { folder })).rejects.toThrow(
    '0102_broken.sql failed: relation "nowhere"',
  );

  expect(await rowsOf('SELECT id FROM first')).toEqual([{ id: 1 }]);
  await migrations.write('0102_broken.sql', 'INSERT INTO first VALUES (3)');
  await expect(migrate(database.url, { folder })).resolves.toEqual(['0102_broken.sql']);
});

const BUILD_INDEX = `-- outside a transaction
DROP INDEX CONCURRENTLY IF EXISTS first_id;
CREATE UNIQUE INDEX CONCURRENTLY first_id ON first (id);
`;

test('several processes that migrate at the same time build an index outside a transaction once', async () => {
  await migrations.write('0102_index.sql', BUILD_INDEX);

  const applied = await Promise.all(Array.from({ length: 4 }, () => migrate(database.url, { folder })));

  expect(applied.flat()).toEqual(['0101_first.sql', '0102_index.sql']);
  expect(await rowsOf(`SELECT indisvalid FROM pg_index WHERE indexrelid = 'first_id'::regclass`)).toEqual([
    { indisvalid: true },
  ]);
});

test('a migration outside a transaction that failed halfway is applied again from its beginning', async () => {
  await migrate(database.url, { folder });
  await database.pool.query('INSERT INTO first VALUES (1)');
  await migrations.write('0102_index.sql', BUILD_INDEX);

  await expect(migrate(database.url, { folder })).rejects.toThrow(
    '0102_index.sql failed: could not create unique',
  );
  await database.pool.query('DELETE FROM first');
  await expect(migrate(database.url, { folder })).resolves.toEqual(['0102_index.sql']);

  expect(await rowsOf(`SELECT indisvalid FROM pg_index WHERE indexrelid = 'first_id'::regclass`)).toEqual([
    { indisvalid: true },
  ]);
});

test('an applied migration that has changed is rejected by name, unless only its line endings differ', async () => {
  await migrations.write('0101_first.sql', 'CREATE TABLE first (id int);\n');
  await migrate(database.url, { folder });

  await migrations.write('0101_first.sql', 'CREATE TABLE first (id int);\r\n');
  await expect(migrate(database.url, { folder })).resolves.toEqual([]);

  await migrations.write('0101_first.sql', 'CREATE TABLE first (id bigint);\n');
  await expect(migrate(database.url, { folder })).rejects.toThrow(ChangedMigration);
  await expect(migrate(database.url, { folder })).rejects.toThrow('0101_first.sql');
});

describe('a database that was restored from a dump of another server', () => {
  const FAR_AHEAD = '1000000000000';
  const identity = async () => (await rowsOf('SELECT id, outcomes_removed_below FROM database_identity'))[0];
  const outcomes = () => rowsOf('SELECT event_id FROM outcomes');
  const addOutcome = async (xid: string) => {
    await database.pool.query(
      `INSERT INTO projects (id, name, profile) VALUES ('prj_1', 'test', 'standard-webhooks'), ('prj_2', 'test', 'standard-webhooks')`,
    );
    await database.pool.query(
      `INSERT INTO outcomes (project_id, kind, event_id, status, xid) VALUES ('prj_1', 'event.settled', 'e', 'delivered', $1)`,
      [xid],
    );
  };

  test('gets a new identity and an empty stream if its outcomes are ahead of the server', async () => {
    await addOutcome(FAR_AHEAD);
    const { id } = await identity();
    await migrate(database.url);

    expect(await outcomes()).toEqual([]);
    const renewed = await identity();
    expect(renewed).toEqual({ id: expect.not.stringMatching(id), outcomes_removed_below: '0' });
    await migrate(database.url);
    expect(await identity()).toEqual(renewed);
  });

  test('gets them also if only its retention bound is ahead of the server', async () => {
    await database.pool.query('UPDATE database_identity SET outcomes_removed_below = $1', [FAR_AHEAD]);
    const { id } = await identity();
    await migrate(database.url);

    expect(await identity()).toEqual({
      id: expect.not.stringMatching(id),
      outcomes_removed_below: '0',
    });
  });

  test('keeps its identity and stream if none of its transaction ids is ahead', async () => {
    await addOutcome('3');
    const before = await identity();
    await migrate(database.url);

    expect(await outcomes()).toEqual([{ event_id: 'e' }]);
    expect(await identity()).toEqual(before);
  });
});
