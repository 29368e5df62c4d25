import { insertAuditEntry } from '../../../src/store/audit/audit-entries.ts';
import { type AuditShares, removeExcessAuditEntries } from '../../../src/store/audit/audit-retention.ts';
import { newId } from '../../../src/store/postgres/ids.ts';
import { type SeededStore, seedStore } from '../seed.ts';

let store: SeededStore;
beforeEach(async () => {
  store = await seedStore();
});
afterEach(() => store.drop());

/** The smallest that Postgres accepts. */
const SMALLEST: AuditShares = { ofProject: 1_000, ofConsumer: 100 };

type Writer = { actor: 'admin' | 'project' } | { consumer: string };

/** Adds `count` entries of a writer, older than all that are made now. Their ids end with their numbers. */
const addEntries = (writer: Writer, count: number, project = store.project) => {
  const [actor, consumer] = 'actor' in writer ? [writer.actor, null] : ['consumer', writer.consumer];
  return store.pool.query(
    `INSERT INTO audit_entries (id, project_id, at, actor, consumer, action, subject_type, fields, request_id)
     SELECT concat_ws('_', 'aud_00', $1::text, $2::text, $3::text, lpad(n::text, 6, '0')), $1, now(), $2, $3, 'pauseEndpoint', 'endpoint', '{}', 'req_1'
     FROM generate_series(1, $4::int) AS n`,
    [project, actor, consumer, count],
  );
};

/** Adds entries of consumers that are called `<prefix>1`, `<prefix>2`, and so on. */
const addForMany = (prefix: string, consumers: number, each: number) =>
  store.pool.query(
    `INSERT INTO audit_entries (id, project_id, at, actor, consumer, action, subject_type, fields, request_id)
     SELECT concat_ws('_', 'aud_00', $1::text, $2::text, c, lpad(n::text, 6, '0')), $1, now(), 'consumer', $2 || c, 'pauseEndpoint', 'endpoint', '{}', 'req_1'
     FROM generate_series(1, $3::int) AS c, generate_series(1, $4::int) AS n`,
    [store.project, prefix, consumers, each],
  );

async function sweep(shares: AuditShares = SMALLEST): Promise<void> {
  for (let project: string | null = ''; project !== null; )
    project = await removeExcessAuditEntries(store.pool, project, shares);
}

/** How many entries each writer has in the project, by actor or consumer. */
async function entriesByWriter(project = store.project): Promise<Record<string, number>> {
  const { rows } = await store.pool.query<{ writer: string; n: number }>(
    `SELECT coalesce(consumer, actor) AS writer, count(*)::int AS n FROM audit_entries WHERE project_id = $1 GROUP BY 1`,
    [project],
  );
  return Object.fromEntries(rows.map(({ writer, n }) => [writer, n]));
}

test('of each project, the newest entries of the admin key, the keys of the project and its consumers are kept', async () => {
  const other = await store.newProject();
  await addEntries({ actor: 'admin' }, 1_100);
  await addEntries({ actor: 'project' }, 7_000);
  await addEntries({ consumer: 'acme' }, 300);
  await addEntries({ actor: 'project' }, 900, other);

  await sweep({ ofProject: 1_000, ofConsumer: 200 });

  expect(await entriesByWriter()).toEqual({ admin: 1_000, project: 1_000, acme: 200 });
  expect(await entriesByWriter(other)).toEqual({ project: 900 });
  const oldest = await store.queryOne(
    `SELECT min(id) FILTER (WHERE actor = 'project') AS project, min(id) FILTER (WHERE actor = 'consumer') AS acme
     FROM audit_entries WHERE project_id = '${store.project}'`,
  );
  const id = (end: string) => `aud_00_${store.project}_${end}`;
  expect(oldest).toEqual({ project: id('project_006001'), acme: id('consumer_acme_000101') });
});

test('a consumer that adds many entries displaces only its own', async () => {
  await addEntries({ actor: 'admin' }, 50);
  await addEntries({ actor: 'project' }, 60);
  await addEntries({ consumer: 'quiet' }, 100);
  await addEntries({ consumer: 'acme' }, 7_000);

  await sweep();

  expect(await entriesByWriter()).toEqual({ admin: 50, project: 60, quiet: 100, acme: 100 });
});

test('when there is not enough room for the shares of all consumers, those with the most entries lose theirs', async () => {
  await addEntries({ actor: 'project' }, 1_000);
  await addForMany('small', 20, 10);
  await addForMany('middle', 10, 30);
  await addForMany('large', 10, 90);

  await sweep();

  const { project, ...consumers } = await entriesByWriter();
  expect(project).toBe(1_000);
  const kept = (prefix: string) => [
    ...new Set(Object.entries(consumers).flatMap(([name, n]) => (name.startsWith(prefix) ? [n] : []))),
  ];
  // 1,000 - 20 × 10 - 10 × 30 = 500 for the ten large ones.
  expect({ small: kept('small'), middle: kept('middle'), large: kept('large') }).toEqual({
    small: [10],
    middle: [30],
    large: [50],
  });
});

test('however many consumers there are, each keeps its newest entry, and the project keeps its own', async () => {
  await addEntries({ actor: 'project' }, 1_000);
  await addForMany('c', 1_500, 3);

  await sweep();

  const { project, ...consumers } = await entriesByWriter();
  expect(project).toBe(1_000);
  expect(Object.keys(consumers)).toHaveLength(1_500);
  expect(new Set(Object.values(consumers))).toEqual(new Set([1]));
  const oldest = await store.queryOne(
    `SELECT min(right(id, 6)) AS id FROM audit_entries WHERE actor = 'consumer'`,
  );
  expect(oldest).toEqual({ id: '000003' });
});

test('several processes that remove at once, while entries are added, leave each writer its share', async () => {
  await addEntries({ actor: 'project' }, 3_000);
  await addForMany('c', 5, 2_000);
  const added: string[] = [];
  const add = async (n: number) => {
    const id = newId('aud', Date.now());
    added.push(id);
    await insertAuditEntry(store.pool, {
      ...{ id, projectId: store.project, at: new Date(), action: 'pauseEndpoint', fields: [] },
      ...{ subjectType: 'endpoint', subjectId: null, requestId: 'req_1' },
      actor: { kind: 'consumer', keyId: null, sessionId: 'ses_1', consumer: `c${(n % 5) + 1}` },
    });
  };

  await Promise.all([
    ...Array.from({ length: 4 }, () => sweep()),
    ...Array.from({ length: 200 }, (_, n) => add(n)),
  ]);
  const { rows } = await store.pool.query('SELECT count(*)::int AS n FROM audit_entries WHERE id = ANY($1)', [
    added,
  ]);
  expect(rows).toEqual([{ n: 200 }]);

  await sweep();
  expect(await entriesByWriter()).toEqual({ project: 1_000, c1: 100, c2: 100, c3: 100, c4: 100, c5: 100 });
});

test('a role that may not delete entries can have the excess removed, but can empty no share', async () => {
  await addEntries({ actor: 'admin' }, 1_200);
  await addEntries({ consumer: 'acme' }, 300);
  const role = `remover_${store.project}`;
  const client = await store.pool.connect();
  try {
    await client.query(`CREATE ROLE ${role}`);
    await client.query(`GRANT SELECT, INSERT, UPDATE (status, subject_id) ON audit_entries TO ${role}`);
    await client.query(`SET ROLE ${role}`);
    await removeExcessAuditEntries(client, '', { ofProject: 0, ofConsumer: -1 });
    await client.query(`SELECT remove_excess_audit_entries('${store.project}', true, 0, 5000)`);
    await expect(client.query('DELETE FROM audit_entries')).rejects.toThrow('permission denied');
  } finally {
    await client.query('RESET ROLE');
    await client.query(`DROP OWNED BY ${role}`);
    await client.query(`DROP ROLE ${role}`);
    client.release();
  }
  expect(await entriesByWriter()).toEqual({ admin: 1_000, acme: 100 });
});

test('the function that processes of the earlier release call keeps the shares, too', async () => {
  await addEntries({ actor: 'project' }, 1_500);
  await addForMany('c', 3, 12_000);
  const remove = (ofConsumers: boolean) =>
    store.queryOne(
      `SELECT remove_excess_audit_entries('${store.project}', ${ofConsumers}, 500000, 5000) AS n`,
    );

  expect(await remove(true)).toEqual({ n: 5_000 });
  expect(await remove(true)).toEqual({ n: 1_000 });
  expect(await remove(false)).toEqual({ n: 0 });
  expect(await entriesByWriter()).toEqual({ project: 1_500, c1: 10_000, c2: 10_000, c3: 10_000 });
});
