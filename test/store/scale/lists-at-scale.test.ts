import { serializePolicy } from '../../../src/policy/retry-policy.ts';
import type { DeliveryFilter } from '../../../src/store/deliveries/delivery-filter.ts';
import { listDeliveries } from '../../../src/store/deliveries/delivery-lists.ts';
import { listEndpoints } from '../../../src/store/endpoints/endpoint-lists.ts';
import type { EventFilter } from '../../../src/store/events/event-filter.ts';
import { listEventSummaries, listEvents } from '../../../src/store/events/event-lists.ts';
import { asBigint, searchBitsOf } from '../../../src/store/events/search-bits.ts';
import type { Queryable } from '../../../src/store/postgres/database.ts';
import type { Page, PageRequest } from '../../../src/store/postgres/pages.ts';
import { listConsumers } from '../../../src/store/projects/consumers.ts';
import { listProfiles } from '../../../src/store/projects/profiles.ts';
import type { Scope } from '../../../src/store/scope.ts';
import { POLICY, type SeededStore, seedStore } from '../seed.ts';
import { explainQueries } from './explain.ts';

/** The most 8 kB pages that one page of a list may read: one for each scanned row, or two if the page is not filled. */
const MANY_PAGES = 3_000;
/** The same for a list whose newest rows all match, each of which is read by its id, with its event. */
const FEW_PAGES = 600;
const EVENTS = 60_000;

let store: SeededStore;
let project: string;
const idOf = (n: number) => `dlv_${String(n).padStart(8, '0')}`;

beforeAll(async () => {
  store = await seedStore();
  ({ project } = store);
  const { pool } = store;
  await pool.query(
    `INSERT INTO endpoints (id, project_id, consumer, url, events, secrets, status, created_at)
     SELECT 'ep_' || n, $1, CASE n % 3 WHEN 0 THEN 'busy' WHEN 1 THEN 'rare' END, 'http://127.0.0.1:9/', '{*}', '\\x00',
            CASE WHEN n <= 3000 THEN 'active' ELSE 'deleted' END, '2026-01-01'
     FROM generate_series(1, 60) AS n`,
    [project],
  );
  // Many of one consumer, and the three oldest of another one.
  await pool.query(
    `INSERT INTO events (project_id, id, type, consumer, attributes, data, body, content_hash, profile, profile_version,
                         status, delivery_count, open_count, created_at, search_bits)
     SELECT $1, 'evt_' || lpad(n::text, 8, '0'), CASE WHEN n <= 3 THEN 'seldom' ELSE 'often' END,
            CASE WHEN n <= 3 THEN 'rare' WHEN n % 2 = 0 THEN 'busy' END, '{}', '{}', '{}', '', 'standard-webhooks', 1,
            CASE WHEN n <= 3 THEN 'undeliverable' ELSE 'delivered' END, 1, 0,
            '2026-02-01'::timestamptz + n / 3 * interval '1 second', CASE WHEN n <= 3 THEN $2::bigint ELSE $3::bigint END
     FROM generate_series(1, ${EVENTS}) AS n`,
    [project, ...['seldom', 'often'].map((type) => asBigint(searchBitsOf({ type })))],
  );
  await pool.query(
    `INSERT INTO deliveries (id, project_id, event_id, consumer, endpoint_id, receiver, policy, status, settled_at, sequence, created_at)
     SELECT 'dlv_' || lpad(n::text, 8, '0'), $1, 'evt_' || lpad(n::text, 8, '0'),
            CASE WHEN n <= 3 THEN 'rare' WHEN n % 2 = 0 THEN 'busy' END,
            CASE WHEN n <= 3 THEN 'ep_1' WHEN n % 2 = 0 THEN 'ep_' || 3 * (1 + n % 20) ELSE 'ep_2' END, 'ep', $2,
            CASE WHEN n <= 3 THEN 'undeliverable' ELSE 'delivered' END, now(), n,
            '2026-02-01'::timestamptz + n / 3 * interval '1 second'
     FROM generate_series(1, ${EVENTS}) AS n`,
    [project, serializePolicy(POLICY)],
  );
  await pool.query(
    `INSERT INTO consumers (project_id, id) SELECT $1, 'consumer-' || n FROM generate_series(1, 50000) AS n`,
    [project],
  );
  await pool.query(
    `INSERT INTO profiles (scope, name, version, title, event_types, source)
     SELECT $1, 'profile-' || n % 50, n / 50, 'title', array_fill('a.type.of.event'::text, ARRAY[50]), '{}'
     FROM generate_series(1, 50000) AS n`,
    [project],
  );
  await pool.query('VACUUM ANALYZE');
});
afterAll(() => store.drop());

const scopeOf = (consumer: string | null) => (): Scope => ({ projectId: project, consumer });
const all = scopeOf(null);
const first: PageRequest = { limit: 50, after: null };

const events =
  (scope: () => Scope, filter: EventFilter = {}) =>
  (db: Queryable) =>
    listEvents(db, scope(), filter, first);
const deliveries =
  (scope: () => Scope, filter: DeliveryFilter = {}) =>
  (db: Queryable) =>
    listDeliveries(db, scope(), filter, first);
const since = new Date('2026-02-01T00:10:00Z');

type List = [string, (db: Queryable) => Promise<unknown>, number];
const lists: List[] = [
  ['events of a project', events(all), FEW_PAGES],
  ['events of a consumer', events(scopeOf('busy')), FEW_PAGES],
  ['events of a consumer with few', events(scopeOf('rare')), FEW_PAGES],
  ['events of a consumer without any', events(scopeOf('none')), FEW_PAGES],
  ['events of one consumer, for the project', events(all, { consumer: 'rare' }), FEW_PAGES],
  ['events to an endpoint', events(all, { endpoint: 'ep_2' }), FEW_PAGES],
  ['events to an endpoint, of its consumer', events(scopeOf('rare'), { endpoint: 'ep_1' }), FEW_PAGES],
  ['old events', events(all, { until: since }), FEW_PAGES],
  // Only the entries of the index, unless the bits match.
  ['events of a common type', events(all, { type: 'often' }), FEW_PAGES],
  [
    'events of a common type and a rare status',
    events(all, { type: 'often', statuses: ['undeliverable'] }),
    MANY_PAGES,
  ],
  ['events of a rare type', events(all, { type: 'seldom' }), FEW_PAGES],
  ['events of an unused type', events(all, { type: 'zz' }), FEW_PAGES],
  ['events of an unused type of a consumer', events(scopeOf('busy'), { type: 'zz' }), MANY_PAGES],
  [
    'events of an unused type of a consumer without events',
    events(scopeOf('none'), { type: 'zz' }),
    FEW_PAGES,
  ],
  ['events of an unused type to an endpoint', events(all, { endpoint: 'ep_2', type: 'zz' }), 16_000],
  ['events of a rare status', events(all, { statuses: ['undeliverable'] }), MANY_PAGES],
  ['deliveries of a project', deliveries(all), FEW_PAGES],
  // 51 deliveries to each of its ten busy endpoints, each on a page of its own, and the events of those listed.
  ['deliveries of a consumer', deliveries(scopeOf('busy')), 1_100],
  ['deliveries of a consumer with few', deliveries(scopeOf('rare')), FEW_PAGES],
  ['deliveries of a consumer without any', deliveries(scopeOf('none')), FEW_PAGES],
  ['deliveries of a rare status', deliveries(all, { statuses: ['undeliverable'] }), FEW_PAGES],
  ['deliveries of an unused status', deliveries(all, { statuses: ['pending'] }), MANY_PAGES],
  ['deliveries of a rare status of a consumer', deliveries(scopeOf('busy'), { statuses: ['held'] }), 12_000],
  ['deliveries to an endpoint', deliveries(all, { endpoint: 'ep_2' }), FEW_PAGES],
  ['deliveries of an event', deliveries(all, { event: 'evt_00000007' }), FEW_PAGES],
  ['deliveries that need attention', deliveries(all, { attention: true }), FEW_PAGES],
  [
    'deliveries of a consumer that need attention',
    deliveries(scopeOf('rare'), { attention: true }),
    FEW_PAGES,
  ],
  ['deliveries of two rare statuses', deliveries(all, { statuses: ['held', 'undeliverable'] }), FEW_PAGES],
  ['deliveries of one consumer, for the project', deliveries(all, { consumer: 'rare' }), FEW_PAGES],
  ['events with text that none has', events(all, { contains: Buffer.from('zz') }), MANY_PAGES],
  ['events with attributes that none has', events(all, { attributes: { a: 'b' } }), FEW_PAGES],
  // The deliveries of each event that is looked at.
  ['events with an outcome that none has', events(all, { outcome: 'timeout' }), 60_000],
  [
    'events of a consumer with a status code that none has',
    events(scopeOf('busy'), { statusCode: 503 }),
    15_000,
  ],
  [
    'events to an endpoint with an outcome that none has',
    events(all, { endpoint: 'ep_2', outcome: 'timeout' }),
    32_000,
  ],
  // The event of each delivery that is looked at.
  ['deliveries with text that none has', deliveries(all, { contains: Buffer.from('zz') }), 60_000],
  ['deliveries with attributes that none has', deliveries(all, { attributes: { a: 'b' } }), 60_000],
  [
    'deliveries to an endpoint with text that none has',
    deliveries(all, { endpoint: 'ep_2', contains: Buffer.from('zz') }),
    16_000,
  ],
  ['deliveries of an unused type', deliveries(all, { type: 'zz' }), 60_000],
  ['deliveries of an unused status code', deliveries(all, { statusCode: 503 }), MANY_PAGES],
  ['summaries of events', (db) => listEventSummaries(db, all(), {}, first), FEW_PAGES],
  ['endpoints of a project', (db) => listEndpoints(db, all(), {}, first), FEW_PAGES],
  ['endpoints with text that none has', (db) => listEndpoints(db, all(), { text: 'zz' }, first), MANY_PAGES],
  [
    'endpoints of an unused status',
    (db) => listEndpoints(db, all(), { statuses: ['paused'] }, first),
    MANY_PAGES,
  ],
  ['endpoints of a consumer', (db) => listEndpoints(db, scopeOf('rare')(), {}, first), FEW_PAGES],
  ['consumers', (db) => listConsumers(db, project, first), FEW_PAGES],
  ['profiles', (db) => listProfiles(db, project), 600],
];

test.each(lists)(
  'a page of the %s among 60,000 stays within its limit of pages read',
  async (_, run, maxPages) => {
    for (const mode of ['force_generic_plan', 'force_custom_plan'] as const) {
      const { bufferPages, seqScannedTables } = await explainQueries(store.pool, run, mode);
      expect({ mode, tooMany: bufferPages > maxPages ? bufferPages : 0 }).toEqual({ mode, tooMany: 0 });
      for (const large of ['events', 'deliveries', 'consumers', 'profiles'])
        expect(seqScannedTables).not.toContain(large);
    }
  },
);

async function followed<T>(
  list: (page: PageRequest) => Promise<Page<T>>,
  limit = 50,
  most = Number.POSITIVE_INFINITY,
) {
  const items: T[] = [];
  let pages = 0;
  for (let after: string[] | null = null, more = true; more; pages++) {
    const page = await list({ limit, after });
    items.push(...page.items);
    after = page.next;
    more = after !== null && items.length < most;
  }
  return { items, pages };
}
const idsOf = (items: { id: string }[]) => items.map(({ id }) => id);
const oldest = (...numbers: number[]) => numbers.map((n) => `evt_${String(n).padStart(8, '0')}`);

test('a match far back in the list is found by following the cursors, with ten thousand rows scanned for each page', async () => {
  const { pool } = store;
  const type = await followed((page) => listEvents(pool, all(), { type: 'seldom' }, page));
  expect(idsOf(type.items)).toEqual(oldest(3, 2, 1));
  expect(type.pages).toBeLessThanOrEqual(EVENTS / 10_000 + 1);

  const status = await followed((page) => listEvents(pool, all(), { statuses: ['undeliverable'] }, page));
  expect(idsOf(status.items)).toEqual(oldest(3, 2, 1));

  const endpoint = await followed(
    (page) => listEvents(pool, scopeOf('rare')(), { endpoint: 'ep_1' }, page),
    1,
  );
  expect(idsOf(endpoint.items)).toEqual(oldest(3, 2, 1));

  const none = await followed((page) => listDeliveries(pool, all(), { statuses: ['pending'] }, page));
  expect(none.items).toEqual([]);
  expect(none.pages).toBeLessThanOrEqual(EVENTS / 10_000 + 1);
});

test('the pages of a list hold every item once, newest first, for any limit', async () => {
  const { pool } = store;
  const window = { since, until: new Date('2026-02-01T00:20:00Z') };
  const expected = Array.from({ length: 1800 }, (_, i) => 1800 + i)
    .filter((n) => n % 2 === 0)
    .reverse();
  const listed = await followed((page) => listEvents(pool, scopeOf('busy')(), window, page), 7);
  expect(idsOf(listed.items)).toEqual(oldest(...expected));

  const ofBusy = Array.from({ length: 2_000 }, (_, i) => idOf(EVENTS - 2 * i));
  for (const filter of [{}, { statuses: ['delivered'] }] satisfies DeliveryFilter[]) {
    const { items } = await followed(
      (page) => listDeliveries(pool, scopeOf('busy')(), filter, page),
      190,
      2_000,
    );
    expect(idsOf(items).slice(0, 2_000)).toEqual(ofBusy);
  }
});

test('a list of another consumer’s items is empty and has no next page', async () => {
  const { pool } = store;
  const nothing = expect.objectContaining({ items: [], next: null });
  const rare = scopeOf('rare')();
  expect(await listEvents(pool, rare, { endpoint: 'ep_2', type: 'zz' }, first)).toEqual(nothing);
  expect(await listEvents(pool, rare, { consumer: 'busy', type: 'zz' }, first)).toEqual(nothing);
  expect(await listDeliveries(pool, rare, { endpoint: 'ep_2', statuses: ['held'] }, first)).toEqual(nothing);
  expect(await listDeliveries(pool, rare, { event: 'evt_00000007' }, first)).toEqual(nothing);
});
