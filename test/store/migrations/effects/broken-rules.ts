import type pg from 'pg';
import type { Migration } from '../../../../src/store/migrations/migration-files.ts';
import { indexStatements } from '../../../../src/store/migrations/run-outside-transaction.ts';
import { type Snapshot, takeSnapshot } from './schema-snapshot.ts';

/**
 * Applies a migration to a database whose large tables have some rows, and returns which of the rules in CONTRIBUTING.md
 * ("A migration") it breaks. It looks at what Postgres does, not at the text: which locks it takes, which tables it reads,
 * rewrites and changes.
 */
export async function brokenRules(client: pg.Client, migration: Migration): Promise<string[]> {
  switch (migration.kind) {
    case 'transaction':
      return rulesOfTransaction(client, migration.sql);
    case 'batches':
      return rulesOfBatches(client, migration.sql);
    case 'outside':
      for (const { sql } of indexStatements(migration.sql)) await client.query(sql);
      return [];
  }
}

type Effects = { before: Snapshot; after: Snapshot };

async function effectsOf(client: pg.Client, statements: () => Promise<unknown>): Promise<Effects> {
  await client.query('BEGIN');
  try {
    const before = await takeSnapshot(client);
    await statements();
    const after = await takeSnapshot(client);
    await client.query('COMMIT');
    return { before, after };
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  }
}

async function rulesOfTransaction(client: pg.Client, sql: string): Promise<string[]> {
  const effects = await effectsOf(client, () => client.query(sql));
  const contracts = /^-- contract: \S/m.test(sql);
  return [
    ...indexChanges(effects),
    ...rewritesAndScans(effects),
    ...changedRows(effects),
    ...severalLocks(effects),
    ...(contracts ? [] : contractions(effects)),
  ];
}

function indexChanges({ before, after }: Effects): string[] {
  const idsBefore = idsOf(before);
  const idsAfter = idsOf(after);
  return [
    ...[...after.indexes]
      .filter(([, { id }]) => !idsBefore.has(id))
      .map(([name, { table }]) => `builds the index ${name} of ${table} in a transaction`),
    ...[...before.indexes]
      .filter(([, { id, table }]) => !idsAfter.has(id) && after.tables.has(table))
      .filter(([name, { isOfKey }]) => !(isOfKey && after.indexes.has(name)))
      .map(([name, { table }]) => `drops the index ${name} of ${table} in a transaction`),
  ];
}

/**
 * Compared by id: the index of a key can only be dropped with its constraint, in exchange for one that was built before and
 * takes its name.
 */
const idsOf = ({ indexes }: Snapshot): Set<string> => new Set([...indexes.values()].map(({ id }) => id));

/** Building an index reads the table too, which is reported once. */
function rewritesAndScans({ before, after }: Effects): string[] {
  const blocked = after.blocked.filter((table) => existedIn(before, table));
  const indexed = new Set(
    [...after.indexes].flatMap(([name, { table }]) => (before.indexes.has(name) ? [] : [table])),
  );
  return [...before.tables].flatMap(([name, { file, scans, root }]) => {
    const now = after.tables.get(name);
    if (!now) return [];
    if (now.file !== file) return [`rewrites ${name}`];
    if (now.scans > scans && blocked.length > 0 && !indexed.has(root))
      return [`reads all of ${name} while it blocks ${blocked.join(' and ')}`];
    return [];
  });
}

const changedRows = ({ before, after }: Effects): string[] =>
  [...before.tables]
    .filter(([name, { changes }]) => (after.tables.get(name)?.changes ?? 0) > changes)
    .map(([name]) => `changes rows of ${name} in one transaction`);

function severalLocks({ before, after }: Effects): string[] {
  const roots = new Set(after.blocked.flatMap((name) => before.tables.get(name)?.root ?? []));
  return roots.size > 1 ? [`blocks ${[...roots].join(' and ')} in one transaction`] : [];
}

/** What processes of the previous release cannot live with. */
const contractions = ({ before, after }: Effects): string[] => [
  ...[...before.columns].flatMap(([name, { type }]) => {
    const now = after.columns.get(name);
    if (!now) return [`removes or renames ${name} without a line "-- contract:"`];
    return now.type === type ? [] : [`changes the type of ${name} without a line "-- contract:"`];
  }),
  ...[...after.columns]
    .filter(([name, { required }]) => required && !before.columns.get(name)?.required)
    .filter(([name]) => existedIn(before, name.split('.')[0]!))
    .map(([name]) => `requires a value for ${name} without a line "-- contract:"`),
];

const existedIn = (snapshot: Snapshot, table: string): boolean =>
  [...snapshot.columns.keys()].some((column) => column.startsWith(`${table}.`));

/** Runs it in batches of one row. */
async function rulesOfBatches(client: pg.Client, sql: string): Promise<string[]> {
  const broken = new Set<string>();
  for (let position: string | null = null, batches = 0; ; batches++) {
    if (batches > 100) return [...broken, 'does not end after its last row'];
    const given: string | null = position;
    const effects = await effectsOf(client, async () => {
      const { rows } = await client.query<{ position: string | null }>(sql, [given, 1]);
      position = rows[0]!.position;
    });
    for (const rule of rulesOfOneBatch(effects)) broken.add(rule);
    if (position === null) return [...broken];
  }
}

const rulesOfOneBatch = ({ before, after }: Effects): string[] => [
  ...after.blocked.map((table) => `blocks ${table}`),
  ...[...before.tables].flatMap(([name, { changes, scans }]) => {
    const now = after.tables.get(name)!;
    return [
      ...(now.changes > changes + 1 ? [`changes more rows of ${name} than a batch has`] : []),
      ...(now.scans > scans ? [`reads all of ${name} for each batch`] : []),
    ];
  }),
];
