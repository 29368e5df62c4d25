import fc from 'fast-check';
import { beginAccept, type NewDelivery } from '../../../src/store/events/accept/accept-events.ts';
import {
  type PredictedTransaction,
  predictAccept,
} from '../../../src/store/events/accept/accept-predicted.ts';
import { RememberedMatches } from '../../../src/store/events/accept/remembered-matches.ts';
import type { EventDraft } from '../../../src/store/events/event-draft.ts';
import { holdEventId } from '../hold-event-id.ts';
import { type SeededStore, secretBox, seedStore } from '../seed.ts';
import { untilBlocked } from '../stopping-pool.ts';

const PROCESS = 'prc_1';
const EXPRESS = `express/${PROCESS}`;
let store: SeededStore;
let remembered: RememberedMatches;
beforeEach(async () => {
  store = await seedStore();
  remembered = new RememberedMatches();
});
afterEach(() => store.drop());

/** Matches the drafts, so that they are remembered, and stores nothing. */
async function matchOnly(drafts: EventDraft[]): Promise<NewDelivery[]> {
  const options = { withDetails: true, remembered };
  const { deliveries, rollback } = await beginAccept(store.pool, secretBox, drafts, options);
  await rollback();
  return deliveries;
}

const predict = async (drafts: EventDraft[]): Promise<PredictedTransaction> =>
  (await predictAccept(store.pool, remembered, drafts, PROCESS))!;

const storePredicted = async (drafts: EventDraft[]) => {
  const transaction = await predict(drafts);
  return { ...transaction, stored: await transaction.store(transaction.deliveries.map(() => EXPRESS)) };
};

const countOf = async (table: 'events' | 'deliveries'): Promise<number> =>
  (await store.queryOne<{ n: number }>(`SELECT count(*)::int AS n FROM ${table}`)).n;

const content = ({ id: _, draft: __, eventId: ___, createdAt: ____, details, ...rest }: NewDelivery) => ({
  ...rest,
  details: details && { ...details, readAt: null },
});

test('events of remembered audiences are stored by one statement, with the deliveries that a match would give', async () => {
  for (const consumer of [null, 'alice']) await store.newEndpoint({ consumer });
  const first = [null, 'alice', 'bob'].map((consumer) => store.draft({ consumer }));
  const matched = await matchOnly(first);
  const drafts = [...first, store.draft()];

  const { deliveries, stored } = await storePredicted(drafts);

  expect(deliveries.slice(0, 2).map(content)).toEqual(matched.map(content));
  expect(deliveries.every(stored!.has)).toBe(true);
  expect(await stored!.results()).toMatchObject([
    { kind: 'accepted', event: { status: 'pending', deliveryCount: 1 } },
    { kind: 'accepted', event: { status: 'pending', deliveryCount: 1 } },
    { kind: 'accepted', event: { status: 'unrouted', deliveryCount: 0 } },
    { kind: 'accepted', event: { status: 'pending', deliveryCount: 1 } },
  ]);
  for (const { id, endpointId } of deliveries)
    expect(await store.deliveryOf(id)).toMatchObject({ endpoint_id: endpointId, owner: EXPRESS, epoch: 1 });
});

test('nothing is predicted for an audience that was never matched, a target, or more bytes than one statement takes', async () => {
  await store.newEndpoint();
  const known = store.draft();
  await matchOnly([known]);
  const large = store.draft({ body: Buffer.alloc(1024 * 1024 + 1) });
  const targeted = store.draft({ target: { url: 'http://127.0.0.1:9/', secret: 's'.repeat(32) } });

  for (const other of [store.draft({ type: 'other' }), store.draft({ consumer: 'bob' }), large, targeted])
    expect(await predictAccept(store.pool, remembered, [known, other], PROCESS)).toBeNull();
  expect(store.pool.idleCount).toBe(store.pool.totalCount);
});

test('an event that is stored already is found, and gets no second delivery', async () => {
  await store.newEndpoint();
  const [draft, other] = [store.draft(), store.draft()];
  await matchOnly([draft]);
  await storePredicted([draft]);

  const { deliveries, stored } = await storePredicted([draft, other]);
  const conflicting = await storePredicted([{ ...draft, contentHash: Buffer.alloc(32, 1) }]);

  expect(deliveries.map(stored!.has)).toEqual([false, true]);
  expect((await stored!.results()).map(({ kind }) => kind)).toEqual(['existing', 'accepted']);
  expect((await conflicting.stored!.results()).map(({ kind }) => kind)).toEqual(['id_conflict']);
  expect(await countOf('deliveries')).toBe(2);
});

const CHANGES: Record<string, (endpoint: string) => Promise<unknown>> = {
  'is deleted': (id) => store.pool.query(`UPDATE endpoints SET status = 'deleted' WHERE id = $1`, [id]),
  'is paused': (id) => store.pool.query(`UPDATE endpoints SET status = 'paused' WHERE id = $1`, [id]),
  'gets another URL': (id) => store.pool.query(`UPDATE endpoints SET url = 'http://b/' WHERE id = $1`, [id]),
  'gets other secrets': (id) =>
    store.pool.query(`UPDATE endpoints SET secrets = '\\x01' WHERE id = $1`, [id]),
  'subscribes to other types': (id) =>
    store.pool.query(`UPDATE endpoints SET events = '{other}' WHERE id = $1`, [id]),
  'becomes slow': (id) =>
    store.pool.query(
      `INSERT INTO receiver_gates (receiver, project_id, slow_since, slow_cause) VALUES ($1, $2, now(), 'timeout')
       ON CONFLICT DO NOTHING`,
      [id, store.project],
    ),
  'gets a sibling': () => store.newEndpoint({ consumer: 'alice' }),
};

test.each(Object.entries(CHANGES))(
  'nothing is stored if the endpoint %s after the prediction, and the next match is right again',
  async (_, change) => {
    const endpoint = await store.newEndpoint({ consumer: 'alice' });
    await store.newEndpoint();
    const drafts = ['alice', 'bob', null].map((consumer) => store.draft({ consumer }));
    await matchOnly(drafts);
    const transaction = await predict(drafts);

    await change(endpoint);

    expect(await transaction.store([EXPRESS, EXPRESS])).toBeNull();
    expect(await Promise.all([countOf('events'), countOf('deliveries')])).toEqual([0, 0]);
    expect((await store.pool.query('SELECT id FROM consumers')).rows).toEqual([{ id: 'alice' }]);
    const matched = await matchOnly(drafts);
    const { deliveries, stored } = await storePredicted(drafts);
    expect(deliveries.map(content)).toEqual(matched.map(content));
    expect(stored).not.toBeNull();
  },
);

test.each(['is deleted', 'is paused'])(
  'nothing is stored, and no number taken, if an endpoint %s while the statement waits for it',
  async (name) => {
    const endpoint = await store.newEndpoint();
    const draft = store.draft();
    await matchOnly([draft]);
    await storePredicted([store.draft()]);
    const numbers = await lastNumber();
    const other = await store.pool.connect();
    await other.query('BEGIN');
    await other.query('SELECT FROM endpoints WHERE id = $1 FOR UPDATE', [endpoint]);

    const storing = storePredicted([draft]);
    await untilBlocked(store.pool);
    const status = name === 'is deleted' ? 'deleted' : 'paused';
    await other.query('UPDATE endpoints SET status = $2 WHERE id = $1', [endpoint, status]);
    await other.query('COMMIT');
    other.release();

    expect((await storing).stored).toBeNull();
    expect(await countOf('events')).toBe(1);
    expect(await lastNumber()).toBe(numbers);
  },
);

const lastNumber = async (): Promise<string> =>
  (await store.queryOne<{ last_value: string }>('SELECT last_value FROM event_sequence')).last_value;

test('the lock on the endpoints lasts until the events are committed', async () => {
  const endpoint = await store.newEndpoint();
  const draft = store.draft();
  await matchOnly([draft]);
  const release = await holdEventId(store, draft.id);

  const storing = storePredicted([draft]);
  await untilBlocked(store.pool);
  const deleting = store.pool.query('SELECT FROM endpoints WHERE id = $1 FOR UPDATE', [endpoint]);
  await untilBlocked(store.pool, 2);
  await release();

  expect((await storing).stored).not.toBeNull();
  await deleting;
  expect(await countOf('deliveries')).toBe(1);
});

const consumer = fc.constantFrom(null, 'alice', 'bob');
const type = fc.constantFrom('order.paid', 'order.sent', 'user.created');
const step = fc.oneof(
  fc.record({
    kind: fc.constant('post' as const),
    events: fc.array(fc.record({ consumer, type }), { minLength: 1, maxLength: 4 }),
  }),
  fc.record({
    kind: fc.constant('create' as const),
    consumer,
    events: fc.uniqueArray(fc.constantFrom('*', 'order.*', 'order.paid'), { minLength: 1 }),
  }),
  fc.record({
    kind: fc.constant('change' as const),
    change: fc.constantFrom(...Object.values(CHANGES)),
    endpoint: fc.nat(),
  }),
);

test('however endpoints change, a prediction stores what a match gives, or nothing', async () => {
  const property = fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 12 }), async (steps) => {
    await store.pool.query('DELETE FROM endpoints');
    const endpoints: string[] = [];
    for (const one of steps) {
      if (one.kind === 'create') endpoints.push(await store.newEndpoint(one));
      else if (one.kind === 'post') await expectSameAsMatch(one.events.map((event) => store.draft(event)));
      else if (endpoints.length > 0) await one.change(endpoints[one.endpoint % endpoints.length]!);
    }
  });
  await fc.assert(property, { numRuns: 40 });
});

async function expectSameAsMatch(drafts: EventDraft[]): Promise<void> {
  const predicted = await predictAccept(store.pool, remembered, drafts, PROCESS);
  const stored = await predicted?.store(predicted.deliveries.map(() => EXPRESS));
  const matched = (await matchOnly(drafts)).map(content);
  if (stored) expect(predicted!.deliveries.map(content)).toEqual(matched);

  const again = await storePredicted(drafts.map((draft) => ({ ...draft, id: `${draft.id}-again` })));
  expect(again.stored).not.toBeNull();
  expect(again.deliveries.map(content)).toEqual(matched);
}
