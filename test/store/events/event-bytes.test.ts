import { listEventSummaries, listEvents } from '../../../src/store/events/event-lists.ts';
import { findEvent } from '../../../src/store/events/event-reads.ts';
import { recentEventsOf } from '../../../src/store/events/recent-events.ts';
import { acceptEvents } from '../accept-events.ts';
import { type SeededStore, secretBox, seedStore } from '../seed.ts';

let store: SeededStore;
beforeEach(async () => {
  store = await seedStore();
});
afterEach(() => store.drop());

/** Draft bytes as a profile composes them: the data is a part of the memory of the body. */
function composed(data: string) {
  const body = Buffer.from(`{"ключ":"é","data":${data},"after":1}`);
  const start = body.indexOf(data);
  return { body, data: body.subarray(start, start + Buffer.byteLength(data)) };
}

const scope = () => ({ projectId: store.project, consumer: null });
const read = async (id: string) => {
  const { data, body } = (await findEvent(store.pool, scope(), id))!;
  return { data: String(data), body: String(body) };
};
const storedCopy = async (id: string) =>
  (await store.queryOne<{ data: Buffer | null }>('SELECT data FROM events WHERE id = $1', [id])).data;

test('data that is a part of the body is stored only there, and is read byte for byte', async () => {
  const drafts = ['{}', '[1.0, "\\u0000 ü 𝄞"]', `"${'x'.repeat(20_000)}"`].map((data) =>
    store.draft(composed(data)),
  );
  await acceptEvents(store.pool, secretBox, drafts);

  for (const { id, data, body } of drafts) {
    expect(await read(id)).toEqual({ data: String(data), body: String(body) });
    expect(await storedCopy(id)).toBeNull();
  }
  const { items } = await listEvents(store.pool, scope(), {}, { limit: 10, after: null });
  expect(items.map(({ data }) => String(data)).sort()).toEqual(drafts.map(({ data }) => String(data)).sort());
});

test('data that is not a part of the body has a copy, also beside events whose data is', async () => {
  const copied = store.draft({ data: Buffer.from('{ "a": 1.0 }'), body: Buffer.from('{"data":{"a":1}}') });
  const whole = Buffer.from('{"only":"data"}');
  const drafts = [store.draft(composed('[1]')), copied, store.draft({ data: whole, body: whole })];
  await acceptEvents(store.pool, secretBox, drafts);

  for (const { id, data, body } of drafts)
    expect(await read(id)).toEqual({ data: String(data), body: String(body) });
  expect(await storedCopy(copied.id)).toEqual(copied.data);
  expect(await storedCopy(drafts[2]!.id)).toBeNull();
});

test('equal data beside the body in the same memory is not taken for a part of it', async () => {
  const memory = Buffer.from('{"data":1}1');
  const draft = store.draft({ body: memory.subarray(0, 10), data: memory.subarray(10) });
  await acceptEvents(store.pool, secretBox, [draft]);

  expect(await read(draft.id)).toEqual({ data: '1', body: '{"data":1}' });
  expect(await storedCopy(draft.id)).toEqual(Buffer.from('1'));
});

test('each event of a statement gets its own bytes, hash and deliveries, whatever the order of the ids', async () => {
  const endpoint = await store.newEndpoint();
  const drafts = ['c', 'a', 'b'].map((id, index) =>
    store.draft({ id, ...composed(`"${id}"`), contentHash: Buffer.alloc(32, index), policy: `policy ${id}` }),
  );
  await acceptEvents(store.pool, secretBox, [drafts[2]!]);
  const { deliveries } = await acceptEvents(store.pool, secretBox, drafts, (_, index) => `owner ${index}`);

  const { rows } = await store.pool.query(
    `SELECT e.id, e.content_hash, d.policy, d.endpoint_id, d.receiver, d.owner
     FROM events e JOIN deliveries d ON d.project_id = e.project_id AND d.event_id = e.id ORDER BY e.id`,
  );
  expect(deliveries.map(({ eventId }) => eventId)).toEqual(['c', 'a']);
  expect(rows).toEqual(
    [1, 2, 0].map((index) => ({
      id: drafts[index]!.id,
      content_hash: drafts[index]!.contentHash,
      policy: drafts[index]!.policy,
      endpoint_id: endpoint,
      receiver: endpoint,
      owner: index === 2 ? null : `owner ${index}`,
    })),
  );
  for (const { id, data } of drafts) expect((await read(id)).data).toBe(String(data));
});

// More than the API accepts today.
test('lists, summaries and recent events end before the attributes of their events exceed what a page holds', async () => {
  for (let n = 0; n < 5; n++)
    await acceptEvents(store.pool, secretBox, [
      store.draft({ attributes: { a: 'x'.repeat(3 * 1024 ** 2) } }),
    ]);
  const page = { limit: 10, after: null };

  for (const list of [listEvents, listEventSummaries]) {
    const { items, next } = await list(store.pool, scope(), {}, page);
    expect(items).toHaveLength(3);
    expect((await list(store.pool, scope(), {}, { ...page, after: next })).items).toHaveLength(2);
  }
  const subscribed = { consumer: null, events: ['*'] };
  expect(await recentEventsOf(store.pool, scope(), subscribed, 10)).toHaveLength(1);
});
