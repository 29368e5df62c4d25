import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrate } from '../../../src/store/migrations/migrate.ts';
import { MIGRATIONS_FOLDER, migrationNames } from '../../../src/store/migrations/migration-files.ts';
import { createTestDatabase, type TestDatabase } from '../../set-up/servers/database.ts';

let database: TestDatabase;
let earlier: string;

beforeEach(async () => {
  database = await createTestDatabase();
  await database.pool.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public');
  earlier = await mkdtemp(join(tmpdir(), 'migrations-'));
  for (const name of migrationNames(MIGRATIONS_FOLDER).filter((name) => name < '0011')) {
    await cp(join(MIGRATIONS_FOLDER, name), join(earlier, name));
  }
});

afterEach(async () => {
  await database.drop();
  await rm(earlier, { recursive: true });
});

test('a delivery in the lane alone is in the lane isolated after the migration', async () => {
  await migrate(database.url, { folder: earlier });
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
