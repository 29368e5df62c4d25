import type pg from 'pg';
import { claimDeliveries } from '../../../src/store/deliveries/claims/claim-deliveries.ts';
import { writeAttempts } from '../../../src/store/deliveries/recording/record-attempts.ts';
import { recordDelivered } from '../../../src/store/deliveries/recording/record-delivered.ts';
import { recordTransitions, type Transition } from '../../../src/store/deliveries/transitions.ts';
import { eventProfiles } from '../../../src/store/events/event-reads.ts';
import type { Queryable } from '../../../src/store/postgres/database.ts';
import { createTestDatabase, type TestDatabase } from '../../set-up/servers/database.ts';

let database: TestDatabase;

beforeEach(async () => {
  database = await createTestDatabase();
});
afterEach(() => database.drop());

/** Statements that look up events by their keys, and are planned while the tables of a new installation are empty. */
const STATEMENTS: Record<string, (db: Queryable) => Promise<unknown>> = {
  'a claim': (db) => claimDeliveries(db as pg.Pool, 'owner', [{ id: 'dlv_1', step: 0 }]),
  'a record of delivered attempts': (db) => recordDelivered(db, []),
  'a record of attempts': (db) => writeAttempts(db, []),
  'a record of transitions': (db) => recordTransitions(db as pg.PoolClient, [{ id: 'dlv_1' } as Transition]),
  'a search for profiles': (db) => eventProfiles(db, [{ projectId: 'prj_1', eventId: 'evt_1' }]),
};

// The plan stays until Postgres analyzes the table, with its default settings up to a minute. Each index that contains the key
// costs the same until then, but one with another column before the id is read from the project's first event to its last.
test.each(Object.entries(STATEMENTS))(
  '%s, planned while the tables are empty, finds events by their keys',
  async (_name, run) => {
    const plans: string[] = [];
    const query = async (statement: string | { text: string }) => {
      const text = typeof statement === 'string' ? statement : statement.text;
      const { rows } = await database.pool.query(`EXPLAIN (GENERIC_PLAN) ${text}`);
      plans.push(...rows.map((row) => row['QUERY PLAN']));
      return { rows: [] };
    };

    await run({ query } as unknown as Queryable);

    const scans = plans.filter((line) => / on events\b/.test(line) && /Scan/.test(line));
    expect(scans.length).toBeGreaterThan(0);
    for (const scan of scans) expect(scan).toContain('events_pkey');
  },
);
