import { serializePolicy } from '../../../src/policy/retry-policy.ts';
import type { DeliveryFilter } from '../../../src/store/deliveries/delivery-filter.ts';
import { listDeliveries } from '../../../src/store/deliveries/delivery-lists.ts';
import { listEvents } from '../../../src/store/events/event-lists.ts';
import type { Queryable } from '../../../src/store/postgres/database.ts';
import type { PageRequest } from '../../../src/store/postgres/pages.ts';
import { POLICY, type SeededStore, seedStore } from '../seed.ts';
import { explainQueries } from './explain.ts';

/** Nine tenths of them are of a large project; ten small ones share the rest. */
const DELIVERIES = 20_000;
/** For each of 51 rows: itself along the index, and by their ids the row and its event, with the pages of the indexes. */
const FEW_PAGES = 600;

let store: SeededStore;

beforeEach(async () => {
  store = await seedStore();
  await store.pool.query('ALTER TABLE deliveries SET (autovacuum_enabled = off)');
  await store.pool.query('ALTER TABLE events SET (autovacuum_enabled = off)');
});
afterEach(() => store.drop());

/** Rows of the projects are mixed, as events arrive, and all are delivered but every hundredth. */
const fill = (from: number, to: number) =>
  store.pool.query(
    `WITH row AS (
       SELECT n, CASE WHEN n % 10 > 0 THEN 'prj_large' ELSE 'prj_small_' || n / 10 % 10 END AS project_id,
              '2026-02-01'::timestamptz + n * interval '1 second' AS at
       FROM generate_series($1::int, $2::int) AS n
     ), event AS (
       INSERT INTO events (project_id, id, type, attributes, data, body, content_hash, profile, profile_version, status,
                           delivery_count, open_count, created_at)
       SELECT project_id, 'evt_' || lpad(n::text, 8, '0'), 'often', '{}', '{}', '{}', '', 'standard-webhooks', 1, 'delivered', 1, 0, at
       FROM row
     )
     INSERT INTO deliveries (id, project_id, event_id, consumer, endpoint_id, receiver, policy, status, settled_at, sequence, created_at)
     SELECT 'dlv_' || lpad(n::text, 8, '0'), project_id, 'evt_' || lpad(n::text, 8, '0'), CASE WHEN n % 20 = 1 THEN 'own' END,
            CASE WHEN n % 20 <> 1 THEN 'ep_' || project_id END, 'ep', $3,
            CASE WHEN n % 100 = 1 THEN 'undeliverable' ELSE 'delivered' END, now(), n, at
     FROM row`,
    [from, to, serializePolicy(POLICY)],
  );

const first: PageRequest = { limit: 50, after: null };
const filters: [string, DeliveryFilter][] = [
  ['', {}],
  ['to an endpoint', { endpoint: 'ep_prj_large' }],
  ['of a status', { statuses: ['undeliverable'] }],
  ['of two statuses', { statuses: ['held', 'undeliverable'] }],
  ['that need attention', { attention: true }],
  ['to targets of a consumer', { consumer: 'own' }],
];

/** With generic plans, which the connections of the pools use. */
async function expectFewPages(): Promise<void> {
  for (const projectId of ['prj_large', 'prj_small_1']) {
    const scope = { projectId, consumer: null };
    const reads: [string, (db: Queryable) => Promise<unknown>][] = [
      ['events', (db) => listEvents(db, scope, {}, first)],
      ...filters.map(([name, filter]): [string, (db: Queryable) => Promise<unknown>] => [
        `deliveries ${name}`,
        (db) => listDeliveries(db, scope, filter, first),
      ]),
    ];
    for (const [name, read] of reads) {
      const { bufferPages } = await explainQueries(store.pool, read);
      const tooMany = bufferPages > FEW_PAGES ? bufferPages : 0;
      expect({ projectId, name, tooMany }).toEqual({ projectId, name, tooMany: 0 });
    }
  }
}

test('among many projects, a page of deliveries reads no more than its rows, with statistics and without', async () => {
  await fill(1, DELIVERIES);
  await expectFewPages();
  await store.pool.query('ANALYZE deliveries, events');
  await expectFewPages();
});

test('a page of deliveries reads no more than its rows when the statistics are from a hundredth of them', async () => {
  await fill(1, DELIVERIES / 100);
  await store.pool.query('ANALYZE deliveries, events');
  await fill(DELIVERIES / 100 + 1, DELIVERIES);
  await expectFewPages();
});
