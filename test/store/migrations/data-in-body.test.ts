import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findEvent } from '../../../src/store/events/event-reads.ts';
import { migrate } from '../../../src/store/migrations/migrate.ts';
import { MIGRATIONS_FOLDER, migrationNames } from '../../../src/store/migrations/migration-files.ts';
import { createTestDatabase, type TestDatabase } from '../../set-up/servers/database.ts';

let database: TestDatabase;
let earlier: string;

beforeEach(async () => {
  database = await createTestDatabase();
  await database.pool.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public');
  earlier = await mkdtemp(join(tmpdir(), 'migrations-'));
  for (const name of migrationNames(MIGRATIONS_FOLDER).filter((name) => name < '0014')) {
    await cp(join(MIGRATIONS_FOLDER, name), join(earlier, name));
  }
});

afterEach(async () => {
  await database.drop();
  await rm(earlier, { recursive: true });
});

const insert = (columns: string, values: string) =>
  database.pool.query(`
    INSERT INTO events (project_id, id, type, attributes, body, content_hash, profile, profile_version, status,
                        delivery_count, open_count, created_at, ${columns})
    VALUES ('prj', 'evt', 'a', '{}', '{"data":{}}', '', 'p', 1, 'unrouted', 0, 0, now(), ${values})`);

test('events from before the migration keep their data', async () => {
  await migrate(database.url, { folder: earlier });
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
