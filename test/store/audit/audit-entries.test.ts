import { insertAuditEntry, setAuditResult } from '../../../src/store/audit/audit-entries.ts';
import { listAuditEntries } from '../../../src/store/audit/audit-list.ts';
import { removeOldAuditEntries } from '../../../src/store/audit/audit-retention.ts';
import { newId } from '../../../src/store/postgres/ids.ts';
import { type SeededStore, seedStore } from '../seed.ts';

let store: SeededStore;
beforeEach(async () => {
  store = await seedStore();
});
afterEach(() => store.drop());

const DAY = 86_400_000;

async function addEntry(at: Date, id = newId('aud', at.getTime())): Promise<string> {
  await insertAuditEntry(store.pool, {
    id,
    projectId: store.project,
    at,
    actor: { kind: 'project', keyId: 'key_1', sessionId: null, consumer: null },
    action: 'createEndpoint',
    subjectType: 'endpoint',
    subjectId: null,
    fields: ['url'],
    requestId: 'req_1',
  });
  return id;
}

const countOf = async (where = 'true') =>
  (await store.queryOne<{ n: number }>(`SELECT count(*)::int AS n FROM audit_entries WHERE ${where}`)).n;

test('an entry gets its result once, and nothing else of it can be changed', async () => {
  const id = await addEntry(new Date());
  const change = (set: string) => store.pool.query(`UPDATE audit_entries SET ${set} WHERE id = '${id}'`);

  await expect(change(`actor = 'admin'`)).rejects.toThrow('audit entries are only added');
  await expect(change(`action = 'getEndpoint', status = 200`)).rejects.toThrow(
    'audit entries are only added',
  );
  await setAuditResult(store.pool, id, 201, 'ep_1');
  await setAuditResult(store.pool, id, 500, 'ep_2');
  await expect(change('status = 404')).rejects.toThrow('audit entries are only added');
  await expect(change('status = NULL')).rejects.toThrow('audit entries are only added');

  const { items } = await listAuditEntries(store.pool, store.project, {}, { limit: 10, after: null });
  expect(items).toMatchObject([{ id, status: 201, subjectId: 'ep_1', actor: { keyId: 'key_1' } }]);
});

test('entries cannot be deleted or truncated', async () => {
  await addEntry(new Date(0));

  await expect(store.pool.query('DELETE FROM audit_entries')).rejects.toThrow('audit entries are only added');
  await expect(store.pool.query('TRUNCATE audit_entries')).rejects.toThrow('audit entries are only added');

  expect(await countOf()).toBe(1);
});

test('a role that may only add entries and results can neither change nor remove them, and retention still works', async () => {
  const role = `auditor_${store.project}`;
  const client = await store.pool.connect();
  try {
    await client.query(`CREATE ROLE ${role}`);
    await client.query(`GRANT SELECT, INSERT, UPDATE (status, subject_id) ON audit_entries TO ${role}`);
    await addEntry(new Date(Date.now() - 40 * DAY));
    await client.query(`SET ROLE ${role}`);
    const refused = [
      'DELETE FROM audit_entries',
      `SET posthorn.audit_removal = 'on'; DELETE FROM audit_entries`,
      'ALTER TABLE audit_entries DISABLE TRIGGER ALL',
      `UPDATE audit_entries SET actor = 'admin'`,
    ];
    for (const statement of refused)
      await expect(client.query(statement)).rejects.toThrow(/permission denied|must be owner/);
    await client.query('RESET posthorn.audit_removal');
    expect(await removeOldAuditEntries(client, new Date(Date.now() - 30 * DAY))).toBe(1);
  } finally {
    await client.query('RESET ROLE');
    await client.query(`DROP OWNED BY ${role}`);
    await client.query(`DROP ROLE ${role}`);
    client.release();
  }
});

test('a transaction that removes old entries may not delete others', async () => {
  await addEntry(new Date(Date.now() - 40 * DAY));
  await addEntry(new Date());
  const client = await store.pool.connect();
  try {
    await client.query('BEGIN');
    expect(await removeOldAuditEntries(client, new Date(Date.now() - 30 * DAY))).toBe(1);
    await expect(client.query('DELETE FROM audit_entries')).rejects.toThrow('audit entries are only added');
  } finally {
    await client.query('ROLLBACK');
    client.release();
  }
});

test('entries are removed by age, but never on the day on which they were made', async () => {
  await addEntry(new Date(Date.now() - 40 * DAY));
  await addEntry(new Date(Date.now() - 20 * DAY));
  await addEntry(new Date());

  expect(await removeOldAuditEntries(store.pool, new Date(Date.now() - 30 * DAY))).toBe(1);
  expect(await removeOldAuditEntries(store.pool, new Date(Date.now() + DAY))).toBe(1);
  expect(await countOf()).toBe(1);
});
