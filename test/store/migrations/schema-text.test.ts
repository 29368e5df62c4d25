import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { schemaText } from '../../../src/store/migrations/schema-text.ts';
import { createTestDatabase, type TestDatabase } from '../../set-up/servers/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

test('docs/schema.txt describes the schema of the migrations (npm run schema rewrites it)', async () => {
  const committed = await readFile(join(__dirname, '../../../docs/schema.txt'), 'utf8');

  expect(await schemaText(database.pool)).toBe(committed);
});
