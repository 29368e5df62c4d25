import { MAX_ENDPOINTS_PER_EVENT } from '../../../src/policy/quotas.ts';
import { markEndpointDeleted } from '../../../src/store/endpoints/delete-endpoint.ts';
import type { NewDelivery } from '../../../src/store/events/accept/accept-events.ts';
import { acceptEvents } from '../accept-events.ts';
import { type SeededStore, secretBox, seedStore } from '../seed.ts';

let store: SeededStore;

beforeEach(async () => {
  store = await seedStore();
});
afterEach(() => store.drop());

const nobody = () => null;
const countOf = async (table: 'events' | 'deliveries'): Promise<number> =>
  (await store.queryOne<{ n: number }>(`SELECT count(*)::int AS n FROM ${table}`)).n;

async function addEndpoints(count: number): Promise<void> {
  await store.pool.query(
    `INSERT INTO endpoints (id, project_id, url, events, secrets)
     SELECT 'ep_' || lpad(n::text, 6, '0'), $1, 'http://127.0.0.1:9/', '{*}', '\\x00' FROM generate_series(1, $2::int) AS n`,
    [store.project, count],
  );
}

test('a commit waits for the disk', async () => {
  expect(await store.queryOne('SHOW synchronous_commit')).toEqual({ synchronous_commit: 'on' });
});

test('fifty concurrent writers of the same event store it once, and each gets its state', async () => {
  await store.newEndpoint();
  const event = store.draft({ id: 'same' });

  const responses = await Promise.all(
    Array.from({ length: 50 }, () => acceptEvents(store.pool, secretBox, [event], nobody)),
  );

  const kinds = responses.map(({ results }) => results[0]!.kind).sort();
  expect(kinds).toEqual(['accepted', ...Array<string>(49).fill('existing')]);
  expect(await countOf('events')).toBe(1);
  expect(await countOf('deliveries')).toBe(1);
});

test('the same id with different content is a conflict and changes nothing', async () => {
  await acceptEvents(store.pool, secretBox, [store.draft({ id: 'same' })], nobody);

  const other = store.draft({ id: 'same', contentHash: Buffer.alloc(32, 1) });
  const { results } = await acceptEvents(store.pool, secretBox, [other, store.draft({ id: 'new' })], nobody);

  expect(results.map(({ kind }) => kind)).toEqual(['id_conflict', 'accepted']);
  expect(await countOf('events')).toBe(2);
});

test('the same id in two projects is two events', async () => {
  const drafts = [
    store.draft({ id: 'same' }),
    store.draft({ id: 'same', projectId: await store.newProject() }),
  ];

  const { results } = await acceptEvents(store.pool, secretBox, drafts, nobody);

  expect(results.map(({ kind }) => kind)).toEqual(['accepted', 'accepted']);
});

test('a batch with a rejected event stores nothing, and the result says which one', async () => {
  await acceptEvents(store.pool, secretBox, [store.draft({ id: 'same' })], nobody);
  const drafts = [
    store.draft(),
    store.draft({ id: 'same', contentHash: Buffer.alloc(32, 1) }),
    store.draft(),
  ];

  const { results, deliveries } = await acceptEvents(store.pool, secretBox, drafts, nobody, {
    allOrNone: true,
  });

  expect(results[1]).toEqual({ kind: 'id_conflict' });
  expect(deliveries).toEqual([]);
  expect(await countOf('events')).toBe(1);
});

test('concurrent overlapping batches in opposite orders all succeed', async () => {
  await store.newEndpoint();
  const drafts = Array.from({ length: 20 }, (_, n) => store.draft({ id: `event-${n}`, consumer: null }));

  const responses = await Promise.all(
    Array.from({ length: 16 }, (_, n) =>
      acceptEvents(store.pool, secretBox, n % 2 === 0 ? drafts : drafts.toReversed(), nobody, {
        allOrNone: true,
      }),
    ),
  );

  expect(responses.flatMap(({ results }) => results).filter(({ kind }) => kind === 'accepted')).toHaveLength(
    20,
  );
  expect(await countOf('deliveries')).toBe(20);
});

test('an event matches only endpoints of its consumer; without a consumer, only endpoints without one', async () => {
  const own = await store.newEndpoint({ consumer: 'alice' });
  await store.newEndpoint({ consumer: 'bob' });
  const shared = await store.newEndpoint();
  const matched = async (consumer: string | null): Promise<(string | null)[]> => {
    const { deliveries } = await acceptEvents(store.pool, secretBox, [store.draft({ consumer })]);
    return deliveries.map(({ endpointId }) => endpointId);
  };

  expect(await matched('alice')).toEqual([own]);
  expect(await matched(null)).toEqual([shared]);
  expect(await matched('carol')).toEqual([]);
});

test('events of a transaction reach the same endpoints as each event alone, whatever they have in common', async () => {
  const [, alices] = [await store.newEndpoint(), await store.newEndpoint({ consumer: 'alice' })];
  await store.newEndpoint({ consumer: 'alice', events: ['order.*'] });
  const drafts = [null, 'alice', 'bob'].flatMap((consumer) =>
    ['order.paid', 'user.created'].flatMap((type) =>
      [null, alices].flatMap((endpoint) => [1, 2].map(() => store.draft({ consumer, type, endpoint }))),
    ),
  );
  const copies = drafts.map((draft) => ({ ...draft, id: `${draft.id}-together` }));
  const { deliveries } = await acceptEvents(store.pool, secretBox, copies);

  const fanOuts = new Set<number>();
  for (const [index, draft] of drafts.entries()) {
    const alone = await acceptEvents(store.pool, secretBox, [draft]);
    const together = deliveries.filter(({ eventId }) => eventId === copies[index]!.id);
    expect(together.map(endpointOf)).toEqual(alone.deliveries.map(endpointOf));
    fanOuts.add(together.length);
  }
  expect(fanOuts).toEqual(new Set([0, 1, 2]));
});

const endpointOf = ({ endpointId }: NewDelivery) => endpointId;

test('a delivery to a slow receiver starts in the slow lane, and one to a paused endpoint is held', async () => {
  const [slow, paused] = [await store.newEndpoint(), await store.newEndpoint()];
  await store.pool.query(
    `INSERT INTO receiver_gates (receiver, project_id, slow_since, slow_cause) VALUES ($1, 'prj', now(), 'timeout')`,
    [slow],
  );
  await store.pool.query(`UPDATE endpoints SET status = 'paused' WHERE id = $1`, [paused]);

  const { ids } = await store.acceptEvent(null);

  expect(await Promise.all(ids.map(store.deliveryOf))).toMatchObject([
    { endpoint_id: slow, lane: 'restricted', status: 'pending' },
    { endpoint_id: paused, status: 'held', waiting_for: 'endpoint_paused', due_at: null },
  ]);
});

test('an endpoint that is deleted while events arrive gets no open delivery', async () => {
  const endpoints = await Promise.all(Array.from({ length: 10 }, () => store.newEndpoint()));

  const post = async () => {
    for (let i = 0; i < 10; i++)
      await acceptEvents(store.pool, secretBox, [store.draft(), store.draft()], nobody);
  };
  const deletedAt: Record<string, number> = {};
  const remove = async () => {
    for (const id of endpoints) {
      await markEndpointDeleted(store.pool, store.project, null, id);
      deletedAt[id] = await bornTo(id);
    }
  };
  await Promise.all([post(), post(), remove(), post()]);

  for (const id of endpoints) expect(await bornTo(id)).toBe(deletedAt[id]);
  expect(await countOf('events')).toBe(60);
});

const bornTo = async (endpoint: string): Promise<number> =>
  (
    await store.queryOne<{ n: number }>('SELECT count(*)::int AS n FROM deliveries WHERE endpoint_id = $1', [
      endpoint,
    ])
  ).n;

test('an event for 10,000 endpoints is stored within seconds, and one for more is rejected unless it is already stored', async () => {
  await addEndpoints(MAX_ENDPOINTS_PER_EVENT);
  const began = performance.now();

  const draft = store.draft();
  const { results } = await acceptEvents(store.pool, secretBox, [draft], nobody);

  expect(results[0]).toMatchObject({ kind: 'accepted', event: { deliveryCount: MAX_ENDPOINTS_PER_EVENT } });
  expect(await countOf('deliveries')).toBe(MAX_ENDPOINTS_PER_EVENT);
  expect(performance.now() - began).toBeLessThan(10_000);

  await store.newEndpoint();
  const refused = await acceptEvents(store.pool, secretBox, [store.draft()], nobody);
  expect(refused.results).toEqual([{ kind: 'too_many_endpoints', count: MAX_ENDPOINTS_PER_EVENT + 1 }]);
  const repeated = await acceptEvents(store.pool, secretBox, [draft], nobody);
  expect(repeated.results).toMatchObject([
    { kind: 'existing', event: { deliveryCount: MAX_ENDPOINTS_PER_EVENT } },
  ]);
  expect(await countOf('events')).toBe(1);
});

test('an event for one endpoint goes only there, and nowhere if the endpoint is deleted or of another consumer', async () => {
  const [chosen] = [await store.newEndpoint(), await store.newEndpoint()];
  const receiversOf = async (changes: object): Promise<(string | null)[]> => {
    const drafts = [store.draft({ endpoint: chosen, ...changes })];
    const { deliveries } = await acceptEvents(store.pool, secretBox, drafts);
    return deliveries.map(({ endpointId }) => endpointId);
  };
  await store.pool.query(`UPDATE endpoints SET events = '{nothing.else}' WHERE id = $1`, [chosen]);
  expect(await receiversOf({})).toEqual([chosen]);
  expect(await receiversOf({ consumer: 'acme' })).toEqual([]);
  expect(await receiversOf({ projectId: await store.newProject() })).toEqual([]);
  await markEndpointDeleted(store.pool, store.project, null, chosen!);
  expect(await receiversOf({})).toEqual([]);
});
