import { migrate } from '../../../src/store/migrations/migrate.ts';
import { createTestDatabase, type TestDatabase } from '../../set-up/servers/database.ts';
import { createMigrationFolder, type MigrationFolder } from './migration-folder.ts';

let database: TestDatabase;
let earlier: MigrationFolder;

beforeEach(async () => {
  database = await createTestDatabase();
  await database.pool.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public');
  earlier = await createMigrationFolder();
  await earlier.copy((name) => name < '0011');
});

afterEach(async () => {
  await database.drop();
  await earlier.remove();
});

test('a delivery in the lane alone is in the lane isolated after the migration', async () => {
  await migrate(database.url, { folder: earlier.path });
  await database.pool.query(`
    INSERT INTO deliveries (id, project_id, event_id, receiver, policy, status, lane, due_at, created_at)
    SELECT 'dlv_' || lane, 'prj', 'evt', 'ep', '{}', 'pending', lane, now(), now()
    FROM unnest('{fast,slow,alone}'::text[]) AS lane`);

  await migrate(database.url);

  const { rows } = await database.pool.query('SELECT id, lane FROM deliveries ORDER BY id');
  expect(rows).toEqual([
    { id: 'dlv_alone', lane: 'isolated' },
    { id: 'dlv_fast', lane: 'fast' },
    { id: 'dlv_slow', lane: 'restricted' },
  ]);
});
