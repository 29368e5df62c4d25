import { retryDelivery } from '../../../src/store/deliveries/retry-and-cancel.ts';
import { removePayloads } from '../../../src/store/events/payload-retention.ts';
import type { EventPosition } from '../../../src/store/events/retention.ts';
import { deliverEvent } from '../erasures/erasures-set-up.ts';
import { type SeededStore, seedStore } from '../seed.ts';

let store: SeededStore;
beforeEach(async () => {
  store = await seedStore();
  await store.pool.query('UPDATE projects SET payload_retention_seconds = 3600');
});
afterEach(() => store.drop());

const OLD = new Date(Date.now() - 2 * 3_600_000);
const removedOf = async () =>
  (
    await store.queryOne<{ n: number }>(
      'SELECT count(*)::int AS n FROM events WHERE payload_removed_at IS NOT NULL',
    )
  ).n;

/** Removes all that is due. Returns how many payloads were removed in all after each batch. */
async function removeAll(): Promise<number[]> {
  const removed: number[] = [];
  let position: EventPosition | null = null;
  do {
    position = await removePayloads(store.pool, store.project, position);
    removed.push(await removedOf());
  } while (position);
  return removed;
}

test('payloads are removed in batches, also of many events of one moment, and younger ones stay', async () => {
  await store.pool.query(
    `INSERT INTO events (project_id, id, type, attributes, data, body, content_hash, profile, profile_version, status,
                         delivery_count, open_count, created_at)
     SELECT $1, n::text, 'a.b', '{}', '1', 'x', '', 'standard-webhooks', 1, 'unrouted', 0, 0, $2
     FROM generate_series(1, 1200) AS n`,
    [store.project, OLD],
  );
  await store.acceptEvent(null, { id: 'young' });

  await removeAll();

  expect(await removedOf()).toBe(1_200);
  const before = await store.queryOne('SELECT * FROM events WHERE id = $1', ['7']);
  await removeAll();
  expect(await store.queryOne('SELECT * FROM events WHERE id = $1', ['7'])).toEqual(before);
});

test.each([
  ['many deliveries', 700, 1],
  ['large bodies', 1, 24 * 1024 ** 2],
])('one transaction takes few events with %s, also of those of one moment', async (_, deliveries, bytes) => {
  await store.pool.query(
    `INSERT INTO events (project_id, id, type, attributes, data, body, content_hash, profile, profile_version, status,
                         delivery_count, open_count, created_at)
     SELECT $1, n::text, 'a.b', '{}', '1', convert_to(repeat('x', $4::int), 'UTF8'), '', 'standard-webhooks', 1, 'unrouted',
            $3::int, 0, $2::timestamptz + n / 5 * interval '1 second'
     FROM generate_series(1, 10) AS n`,
    [store.project, OLD, deliveries, bytes],
  );

  expect(await removeAll()).toEqual([3, 6, 9, 10]);
  expect(await removeAll()).toEqual([10]);
});

test('the payload of an event that was stored minutes after younger ones is removed, too', async () => {
  const minutesAgo = (minutes: number) => ({ createdAt: new Date(Date.now() - minutes * 60_000) });
  await store.pool.query('UPDATE projects SET payload_retention_seconds = 1');
  await store.acceptEvent(null, minutesAgo(1));
  expect(await removeAll()).toEqual([1]);

  await store.acceptEvent(null, minutesAgo(5));

  expect(await removeAll()).toEqual([2]);
});

test('events that may have to be looked at again are read in batches of 5,000, and older ones once', async () => {
  await store.pool.query('UPDATE projects SET payload_retention_seconds = 1');
  const add = (prefix: string, minutes: number, count: number) =>
    store.pool.query(
      `INSERT INTO events (project_id, id, type, attributes, data, body, content_hash, profile, profile_version, status,
                           delivery_count, open_count, created_at, payload_removed_at)
       SELECT $1, $2 || n, 'a.b', '{}', '', '', '', 'standard-webhooks', 1, 'unrouted', 0, 0,
              now() - $3 * interval '1 minute' + n * interval '1 millisecond', now()
       FROM generate_series(1, $4::int) AS n`,
      [store.project, prefix, minutes, count],
    );
  await add('old', 20, 11_000);
  await add('young', 5, 6_000);
  await store.acceptEvent(null, { createdAt: new Date(Date.now() - 60_000) });

  expect(await removeAll()).toEqual([17_000, 17_000, 17_000, 17_001]);
  expect(await removeAll()).toEqual([17_001, 17_001]);
});

test('a retry at the same time either finds the payload or is refused, and never sends an empty body', async () => {
  await store.newEndpoint();
  const ids: string[] = [];
  for (let n = 0; n < 30; n++) ids.push(await deliverEvent(store, `event/${n}`, { createdAt: OLD }));

  const [results] = await Promise.all([
    Promise.all(ids.map((id) => retryDelivery(store.pool, store.project, null, id))),
    removePayloads(store.pool, store.project),
    removePayloads(store.pool, store.project),
  ]);

  const refused = results.filter(({ result }) => result.kind === 'payload_removed').length;
  expect(refused + results.filter(({ result }) => result.kind === 'replayed').length).toBe(30);
  expect(await removedOf()).toBe(refused);
  const { rows } = await store.pool.query(
    'SELECT FROM events WHERE open_count > 0 AND octet_length(body) = 0',
  );
  expect(rows).toEqual([]);
});

test('no delivery can be added to an event without a payload, whatever adds it', async () => {
  await store.newEndpoint();
  await deliverEvent(store, 'event/1', { createdAt: OLD });
  await removePayloads(store.pool, store.project);

  await expect(store.pool.query('UPDATE events SET open_count = 1')).rejects.toThrow('events_payload_check');
});
