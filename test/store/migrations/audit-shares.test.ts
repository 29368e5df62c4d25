import { insertAuditEntry } from '../../../src/store/audit/audit-entries.ts';
import { removeExcessAuditEntries } from '../../../src/store/audit/audit-retention.ts';
import { migrate } from '../../../src/store/migrations/migrate.ts';
import { MIGRATIONS_FOLDER, migrationNames } from '../../../src/store/migrations/migration-files.ts';
import { newId } from '../../../src/store/postgres/ids.ts';
import { eventually } from '../../set-up/eventually.ts';
import { createTestDatabase, type TestDatabase } from '../../set-up/servers/database.ts';
import { createMigrationFolder, type MigrationFolder } from './migration-folder.ts';

let database: TestDatabase;
let earlier: MigrationFolder;

beforeEach(async () => {
  database = await createTestDatabase();
  await database.pool.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public');
  earlier = await createMigrationFolder();
  await earlier.copy((name) => name < '0030');
  await migrate(database.url, { folder: earlier.path });
});

afterEach(async () => {
  await database.drop();
  await earlier.remove();
});

const addEntries = (consumer: string | null, count: number) =>
  database.pool.query(
    `INSERT INTO audit_entries (id, project_id, at, actor, consumer, action, subject_type, fields, request_id)
     SELECT concat_ws('_', 'aud', $1::text, n), 'prj', now(), CASE WHEN $1 IS NULL THEN 'project' ELSE 'consumer' END, $1,
            'pauseEndpoint', 'endpoint', '{}', 'req_1'
     FROM generate_series(1, $2::int) AS n`,
    [consumer, count],
  );
const countOf = async (where: string): Promise<number> =>
  (await database.pool.query(`SELECT count(*)::int AS n FROM audit_entries WHERE ${where}`)).rows[0].n;

test('entries from before the migration count towards the shares', async () => {
  await addEntries(null, 1_200);
  await addEntries('acme', 300);
  await addEntries('globex', 90);

  await migrate(database.url);
  await removeExcessAuditEntries(database.pool, '', { ofProject: 1_000, ofConsumer: 100 });

  expect(await countOf(`actor = 'project'`)).toBe(1_000);
  expect(await countOf(`consumer = 'acme'`)).toBe(100);
  expect(await countOf(`consumer = 'globex'`)).toBe(90);
});

test('calls add entries while the migration builds its index', async () => {
  // Postgres waits for this transaction before it finishes the index.
  const holder = await database.pool.connect();
  await holder.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
  await holder.query('SELECT count(*) FROM audit_entries');
  const migrated = migrate(database.url);
  await eventually(async () => {
    const { rowCount } = await database.pool.query(
      `SELECT FROM pg_stat_activity WHERE query LIKE '%CREATE INDEX CONCURRENTLY%' AND wait_event_type = 'Lock' AND pid <> pg_backend_pid()`,
    );
    return rowCount === 1;
  });

  await insertAuditEntry(database.pool, {
    ...{
      id: newId('aud', Date.now()),
      projectId: 'prj',
      at: new Date(),
      action: 'pauseEndpoint',
      fields: [],
    },
    ...{ subjectType: 'endpoint', subjectId: null, requestId: 'req_1' },
    actor: { kind: 'consumer', keyId: null, sessionId: 'ses_1', consumer: 'acme' },
  });
  expect(await countOf('true')).toBe(1);

  await holder.query('COMMIT');
  holder.release();
  expect(await migrated).toEqual(migrationNames(MIGRATIONS_FOLDER).filter((name) => name >= '0030'));
});
