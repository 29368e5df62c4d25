import type pg from 'pg';
import { claimDeliveries } from '../../../src/store/deliveries/claims/claim-deliveries.ts';
import { writeAttempts } from '../../../src/store/deliveries/recording/record-attempts.ts';
import { recordDelivered } from '../../../src/store/deliveries/recording/record-delivered.ts';
import { recordTransitions, type Transition } from '../../../src/store/deliveries/transitions.ts';
import { findEndpoint } from '../../../src/store/endpoints/endpoints.ts';
import { eventProfiles, findEvent, storedContentHashes } from '../../../src/store/events/event-reads.ts';
import type { Queryable } from '../../../src/store/postgres/database.ts';
import { createTestDatabase, type TestDatabase } from '../../set-up/servers/database.ts';

let database: TestDatabase;

beforeEach(async () => {
  database = await createTestDatabase();
});
afterEach(() => database.drop());

const SCOPE = { projectId: 'prj_1', consumer: null };

/** Statements that look rows up by their keys. */
const STATEMENTS: Record<string, (db: Queryable) => Promise<unknown>> = {
  'a claim': (db) => claimDeliveries(db as pg.Pool, 'owner', [{ id: 'dlv_1', step: 0 }]),
  'a record of delivered attempts': (db) => recordDelivered(db, []),
  'a record of attempts': (db) => writeAttempts(db, []),
  'a record of transitions': (db) => recordTransitions(db as pg.PoolClient, [{ id: 'dlv_1' } as Transition]),
  'a search for profiles': (db) => eventProfiles(db, [{ projectId: 'prj_1', eventId: 'evt_1' }]),
  'a search for content': (db) => storedContentHashes(db, 'prj_1', ['evt_1']),
  'a search for an event': (db) => findEvent(db, SCOPE, 'evt_1'),
  'a search for an endpoint': (db) => findEndpoint(db, SCOPE, 'ep_1'),
};

type Plan = { 'Index Name'?: string; 'Index Cond'?: string; Plans?: Plan[] };
type IndexScan = { index: string; columns: string[] };

/** The columns that each index scan compares. */
const indexScansIn = (plan: Plan): IndexScan[] => [
  ...(plan['Index Name'] && plan['Index Cond']
    ? [
        {
          index: plan['Index Name'],
          columns: [...plan['Index Cond'].matchAll(/\((\w+) (?:=|<|>)/g)].map(([, name]) => name!),
        },
      ]
    : []),
  ...(plan.Plans ?? []).flatMap(indexScansIn),
];

async function columnsOf(index: string): Promise<string[]> {
  const { rows } = await database.pool.query<{ name: string }>(
    'SELECT attname AS name FROM pg_attribute WHERE attrelid = $1::regclass ORDER BY attnum',
    [index],
  );
  return rows.map(({ name }) => name);
}

// The plan stays until Postgres analyzes the table, with its default settings up to a minute. Until then an index with another
// column before the one that is compared may cost the same as that of the key, but it is read from the first row to the last.
test.each(Object.entries(STATEMENTS))(
  '%s skips no column of an index if it is planned while the tables are empty',
  async (_, run) => {
    const scans: IndexScan[] = [];
    const query = async (statement: string | { text: string }) => {
      const text = typeof statement === 'string' ? statement : statement.text;
      const { rows } = await database.pool.query(`EXPLAIN (GENERIC_PLAN, FORMAT JSON) ${text}`);
      scans.push(...indexScansIn(rows[0]['QUERY PLAN'][0].Plan));
      return { rows: [] };
    };

    await run({ query } as unknown as Queryable);

    expect(scans.length).toBeGreaterThan(0);
    for (const { index, columns } of scans) {
      const first = (await columnsOf(index)).slice(0, new Set(columns).size);
      expect({ index, columns: [...new Set(columns)].sort() }).toEqual({ index, columns: first.sort() });
    }
  },
);
