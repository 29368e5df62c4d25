import { serializePolicy } from '../../../src/policy/retry-policy.ts';
import { listEvents } from '../../../src/store/events/event-lists.ts';
import { minIdAt } from '../../../src/store/postgres/ids.ts';
import type { PageRequest } from '../../../src/store/postgres/pages.ts';
import { POLICY, type SeededStore, seedStore } from '../seed.ts';
import { expectToReadFew } from './explain.ts';

const DAY_MS = 86_400_000;
const OLD = Date.parse('2026-03-01T00:00:00Z');
const UNTIL = OLD + 3 * DAY_MS;
const NEW = UNTIL + 2 * DAY_MS;
const LAST = NEW + 30 * DAY_MS;

let store: SeededStore;
let endpoint: string;
beforeAll(async () => {
  store = await seedStore();
  endpoint = await store.newEndpoint();
  await add('old', 3_000, (n) => ({ createdAt: OLD + n * 60_000 }));
  await add('new', 20_000, (n) => ({ createdAt: NEW + n * 60_000 }));
  await add('sent-later', 100, (n) => ({ createdAt: OLD + n * 60_000, sentAt: LAST + n }));
  await store.pool.query('VACUUM ANALYZE');
});
afterAll(() => store.drop());

/** Events with a delivery to the endpoint each. */
async function add(
  name: string,
  count: number,
  timesOf: (n: number) => { createdAt: number; sentAt?: number },
) {
  const times = Array.from({ length: count }, (_, n) => timesOf(n));
  const ids = times.map(({ createdAt, sentAt = createdAt }, n) => minIdAt('dlv', sentAt) + name + n);
  const createdAt = times.map((time) => new Date(time.createdAt));
  await store.pool.query(
    `INSERT INTO events (project_id, id, type, attributes, data, body, content_hash, profile, profile_version, status,
                         delivery_count, open_count, created_at)
     SELECT $1, $2 || '-' || n, 'a.b', '{}', '{}', '{}', '', 'standard-webhooks', 1, 'delivered', 1, 0, created_at
     FROM unnest($3::timestamptz[]) WITH ORDINALITY AS one (created_at, n)`,
    [store.project, name, createdAt],
  );
  await store.pool.query(
    `INSERT INTO deliveries (id, project_id, event_id, endpoint_id, receiver, policy, status, settled_at, sequence, created_at,
                             sent_later)
     SELECT id, $1, $2 || '-' || n, $3, $3, $4, 'delivered', now(), n, now(), $6
     FROM unnest($5::text[]) WITH ORDINALITY AS one (id, n)`,
    [store.project, name, endpoint, serializePolicy(POLICY), ids, name === 'sent-later' ? true : null],
  );
}

const list = (page: PageRequest, db: Parameters<typeof listEvents>[0] = store.pool) =>
  listEvents(db, { projectId: store.project, consumer: null }, { endpoint, until: new Date(UNTIL) }, page);

test('a page of old events to an endpoint reads none of the new ones, also where some were sent later', async () => {
  const positions = [null, [minIdAt('dlv', LAST)]];
  for (const after of positions)
    await expectToReadFew(store.pool, (db) => list({ limit: 50, after }, db), {
      large: ['events', 'deliveries'],
      maxPages: 600,
    });
});

test('the pages of old events to an endpoint hold each of them once, those that were sent later first', async () => {
  const found: string[] = [];
  for (let after: string[] | null = null, more = true; more; more = after !== null) {
    const page = await list({ limit: 70, after });
    found.push(...page.items.map(({ id }) => id));
    after = page.next;
  }

  const newestFirst = (name: string, count: number) =>
    Array.from({ length: count }, (_, n) => `${name}-${count - n}`);
  expect(found).toEqual([...newestFirst('sent-later', 100), ...newestFirst('old', 3_000)]);
});
