import { findEvent } from '../../../src/store/events/event-reads.ts';
import { migrate } from '../../../src/store/migrations/migrate.ts';
import { createTestDatabase, type TestDatabase } from '../../set-up/servers/database.ts';
import { createMigrationFolder, type MigrationFolder } from './migration-folder.ts';

let database: TestDatabase;
let earlier: MigrationFolder;

beforeEach(async () => {
  database = await createTestDatabase();
  await database.pool.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public');
  earlier = await createMigrationFolder();
  await earlier.copy((name) => name < '0014');
});

afterEach(async () => {
  await database.drop();
  await earlier.remove();
});

const insert = (columns: string, values: string) =>
  database.pool.query(`
    INSERT INTO events (project_id, id, type, attributes, body, content_hash, profile, profile_version, status,
                        delivery_count, open_count, created_at, ${columns})
    VALUES ('prj', 'evt', 'a', '{}', '{"data":{}}', '', 'p', 1, 'unrouted', 0, 0, now(), ${values})`);

test('events from before the migration keep their data', async () => {
  await migrate(database.url, { folder: earlier.path });
  await insert('data', `'{ "a": 1 }'`);

  await migrate(database.url);

  const event = await findEvent(database.pool, { projectId: 'prj', consumer: null }, 'evt');
  expect(String(event!.data)).toBe('{ "a": 1 }');
});

test('an event has a copy of its data or the place of the data in the body', async () => {
  await migrate(database.url);

  await expect(insert('data_offset', '8')).rejects.toThrow('events_data_check');
  await insert('data_offset, data_length', '8, 2');
  const event = await findEvent(database.pool, { projectId: 'prj', consumer: null }, 'evt');
  expect(String(event!.data)).toBe('{}');
});
