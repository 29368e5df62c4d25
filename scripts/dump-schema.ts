import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '../src/embedded/postgres/postgres.ts';
import { migrate } from '../src/store/migrations/migrate.ts';
import { schemaText } from '../src/store/migrations/schema-text.ts';
import { createPool } from '../src/store/postgres/database.ts';

/** Writes docs/schema.txt from the migrations. A test compares the file with the schema. */
const target = join(import.meta.dirname, '../docs/schema.txt');
const dataDir = mkdtempSync(join(tmpdir(), 'posthorn-schema-'));
chmodSync(dataDir, 0o711); // run as root, Postgres switches to another user, who has to pass through this folder

const postgres = await startEmbeddedPostgres({ dataDir, log: console.error, durable: false });
const pool = createPool(postgres.url, 1);
try {
  await migrate(postgres.url);
  writeFileSync(target, await schemaText(pool));
  console.log(`wrote ${target}`);
} finally {
  await pool.end();
  await postgres.stop();
  rmSync(postgres.folder, { recursive: true });
  rmSync(dataDir, { recursive: true });
}
