import { serializePolicy } from '../../../src/policy/retry-policy.ts';
import type { EventFilter } from '../../../src/store/events/event-filter.ts';
import { listEvents } from '../../../src/store/events/event-lists.ts';
import { inTransaction } from '../../../src/store/postgres/database.ts';
import { deliverEventTo } from '../../../src/store/recoveries/deliver-event-to.ts';
import { sendMissing } from '../../../src/store/recoveries/new-deliveries.ts';
import { POLICY, type SeededStore, seedStore } from '../seed.ts';

let store: SeededStore;
beforeEach(async () => {
  store = await seedStore();
});
afterEach(() => store.drop());

const DAY_MS = 86_400_000;
const monday = new Date(Date.now() - 3 * DAY_MS);
const tuesday = new Date(Date.now() - 2 * DAY_MS);
const policy = serializePolicy(POLICY);

/** The ids of the events to an endpoint, from pages of one event each. */
async function eventsTo(endpoint: string, filter: EventFilter = {}): Promise<string[]> {
  const scope = { projectId: store.project, consumer: null };
  const ids: string[] = [];
  for (let after: string[] | null = null, more = true; more; more = after !== null) {
    const page = await listEvents(store.pool, scope, { endpoint, ...filter }, { limit: 1, after });
    ids.push(...page.items.map(({ id }) => id));
    after = page.next;
  }
  return ids;
}

const send = (event: string, endpoint: string) =>
  deliverEventTo(store.pool, { projectId: store.project, consumer: null }, event, endpoint, policy);

const settle = (status: string) =>
  store.pool.query(
    `WITH settled AS (UPDATE deliveries SET status = $1, due_at = NULL, owner = NULL, settled_at = now())
     UPDATE events SET status = $1, open_count = 0, settled_at = now()`,
    [status],
  );

test.each(['delivered', 'undeliverable', 'cancelled'])(
  'an event that was %s and is sent to its endpoint again is listed once, and the new delivery replays the last one',
  async (status) => {
    const endpoint = await store.newEndpoint();
    const { event, ids } = await store.acceptEvent(null);
    await settle(status);
    const again = await send(event, endpoint);
    await settle(status);
    const third = await send(event, endpoint);

    if (again.kind !== 'created' || third.kind !== 'created') throw new Error('a delivery is open');
    expect(await store.deliveryOf(again.deliveryId)).toMatchObject({
      replay_of: ids[0],
      replayed_by: third.deliveryId,
    });
    expect(await eventsTo(endpoint)).toEqual([event]);
  },
);

test('events until a time include those that were sent to the endpoint later', async () => {
  await store.newEndpoint({ events: ['never'] });
  const { event: sent } = await store.acceptEvent(null, { createdAt: monday, id: 'sent' });
  const { event: missed } = await store.acceptEvent(null, { createdAt: monday, id: 'missed' });
  const endpoint = await store.newEndpoint();
  await store.acceptEvent(null, { createdAt: monday, id: 'at once' });
  await store.acceptEvent(null, { id: 'new' });

  expect((await send(sent, endpoint)).kind).toBe('created');
  const page = {
    ...{ projectId: store.project, jobId: 'rec_1', ids: [missed], policy, now: new Date() },
    endpoints: [{ id: endpoint, policy: null, filter: null }],
    spread: { startAt: new Date(), everyMs: 0 },
  };
  expect(await inTransaction(store.pool, (client) => sendMissing(client, page))).toBe(1);

  const later = (await eventsTo(endpoint, { until: tuesday })).slice(0, 2);
  expect(later.sort()).toEqual(['missed', 'sent']);
  expect((await eventsTo(endpoint, { until: tuesday })).slice(2)).toEqual(['at once']);
  expect(await eventsTo(endpoint, { until: monday })).toEqual([]);
  expect((await eventsTo(endpoint, { since: monday })).sort()).toEqual(['at once', 'missed', 'new', 'sent']);
});
