import { updateEndpoint } from '../../../src/store/endpoints/update-endpoint.ts';
import { beginAccept } from '../../../src/store/events/accept/accept-events.ts';
import { audiencesOf } from '../../../src/store/events/accept/audience.ts';
import { matchEndpoints } from '../../../src/store/events/accept/match-endpoints.ts';
import { createCompleteSequence } from '../../../src/store/receivers/order/order.ts';
import { readOrder } from '../../../src/store/receivers/order/read-order.ts';
import { eventually } from '../../set-up/eventually.ts';
import { type SeededStore, secretBox, seedStore } from '../seed.ts';
import { startOrderedWorld } from './ordered-world.ts';

let store: SeededStore;

beforeEach(async () => {
  store = await seedStore();
});
afterEach(() => store.drop());

const numbered = () =>
  store.draft({
    withSequence: (sequence) => {
      const body = Buffer.from(String(sequence));
      return { body, data: body };
    },
  });

test('a number is complete once no transaction can store a lower one', async () => {
  await store.newEndpoint();
  const complete = createCompleteSequence(store.pool);
  const first = await beginAccept(store.pool, secretBox, [numbered()]);
  const second = await beginAccept(store.pool, secretBox, [numbered()]);
  const [lower, higher] = [first, second].map(({ deliveries }) => deliveries[0]!.draft.sequence!) as [
    number,
    number,
  ];
  expect(lower).toBeLessThan(higher);

  await second.store([null]);
  for (let looks = 0; looks < 3; looks++) expect(await complete()).toBeLessThan(lower);

  await first.store([null]);
  await eventually(async () => (await complete()) >= higher);
});

test('the sequence that follows the last one is not complete', async () => {
  await store.acceptEvent(null);
  const { sequence } = await store.queryOne<{ sequence: number }>(
    'SELECT max(sequence)::int AS sequence FROM events',
  );
  const complete = createCompleteSequence(store.pool);
  await eventually(async () => (await complete()) === sequence);
  expect(await complete()).toBe(sequence);
});

test('the first that is open is sent, and the next when it has settled', async () => {
  const world = await startOrderedWorld(store, 1);
  for (let n = 0; n < 3; n++) await world.begin();
  for (const index of [2, 1, 0]) await world.end(index, 'commit');

  await world.untilSent();
  expect(await world.send(0)).toBe(false);
  const { head, behind } = await readOrder(store.pool, world.endpoint);
  expect([head?.sequence, head?.waitingFor, behind]).toEqual([world.sent[0], null, 2]);

  // Its retry is due in a minute. Until then the others wait, although they are due.
  await world.record(0, { outcome: 'rejected', statusCode: 500, retryInMs: 60_000 });
  expect(await world.follow(0)).toBe(false);
  expect(await world.send(0)).toBe(false);
  expect((await readOrder(store.pool, world.endpoint)).head).toMatchObject({
    status: 'retrying',
    sequence: world.sent[0],
  });

  await store.pool.query('UPDATE deliveries SET due_at = now() WHERE id = $1', [head!.id]);
  await world.untilSent();
  await world.record(0, { outcome: 'rejected', statusCode: 500, retryInMs: null });
  await world.drain();
  const [a, b, c] = [...new Set(world.sent)];
  expect(world.sent).toEqual([a, a, b, c]);
  expect(await readOrder(store.pool, world.endpoint)).toEqual({ head: null, behind: 0 });
});

test('what was accepted before an endpoint became ordered is sent, one at a time', async () => {
  const world = await startOrderedWorld(store, 1);
  const scope = { projectId: store.project, consumer: null };
  await updateEndpoint(store.pool, scope, world.endpoint, { ordered: false });
  for (let n = 0; n < 2; n++) await world.begin();
  await updateEndpoint(store.pool, scope, world.endpoint, { ordered: true });
  await world.begin();
  while (world.accepted.length < 3) await world.end(0, 'commit');
  await store.pool.query(`UPDATE deliveries SET lane = 'restricted' WHERE receiver = $1`, [world.endpoint]);

  await world.drain();

  expect(new Set(world.sent).size).toBe(3);
});

test('an event that is matched while its endpoint becomes ordered is matched as ordered', async () => {
  const endpoint = await store.newEndpoint();
  const client = await store.pool.connect();
  await client.query('BEGIN');
  await client.query('SELECT FROM endpoints WHERE id = $1 FOR UPDATE', [endpoint]);
  const [audience] = audiencesOf([store.draft()]);
  const matched = matchEndpoints(store.pool, [audience!], 10);
  await client.query('UPDATE endpoints SET ordered = true WHERE id = $1', [endpoint]);
  await eventually(async () => {
    const { n } = await store.queryOne<{ n: number }>(
      "SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
    );
    return n > 0;
  });
  await client.query('COMMIT');
  client.release();

  expect(await matched).toMatchObject([{ ordered: true, lane: 'restricted' }]);
});
