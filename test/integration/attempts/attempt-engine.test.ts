import type { DeliveryResult } from '../../../src/policy/delivery-result.ts';
import { claimDeliveries } from '../../../src/store/deliveries/claims/claim-deliveries.ts';
import { pendingResponse } from '../../receivers/pending-response.ts';
import { receiversPerTest } from '../../receivers/receivers-per-test.ts';
import { eventually } from '../../set-up/eventually.ts';
import { type SeededStore, secretBox, seedStore } from '../../store/seed.ts';
import {
  deadlineIn,
  deliverToEach,
  firstSteps,
  lockDelivery,
  startTestEngine,
  type TestEngine,
} from './attempt-engine-set-up.ts';

let store: SeededStore;
let engine: TestEngine;
const receiverThat = receiversPerTest();

/** Expects what is left of a delay that began after `since` (performance.now()), in whole seconds. */
function expectRest(result: DeliveryResult | undefined, delayMs: number, since: number): void {
  const { dueInMs } = result as { dueInMs: number };
  expect(dueInMs % 1_000).toBe(0);
  expect(dueInMs).toBeLessThanOrEqual(delayMs);
  expect(dueInMs).toBeGreaterThanOrEqual(delayMs - (performance.now() - since));
}

beforeEach(async () => {
  store = await seedStore();
  engine = startTestEngine(store.pool, secretBox, { connectionsPerHost: 2 });
});
afterEach(async () => {
  await engine.close();
  await store.drop();
});

test('a run that Temporal repeats while this process is alive waits for the attempt in flight and sends nothing twice', async () => {
  let respond = () => {};
  const receiver = await receiverThat((_, response) => {
    respond = () => response.writeHead(200).end();
  });
  const ids = await deliverToEach(store, [receiver.url]);
  const first = engine.run(firstSteps(ids), 'mine', deadlineIn(10_000));
  await receiver.untilReceived(1);

  const second = engine.run(firstSteps(ids), 'mine', deadlineIn(10_000));
  respond();

  expect((await second).results).toMatchObject([{ id: ids[0], kind: 'delivered' }]);
  expect((await first).results).toMatchObject([{ id: ids[0], kind: 'delivered' }]);
  expect(receiver.requests).toHaveLength(1);
  const { rows } = await store.pool.query('SELECT outcome FROM attempts WHERE delivery_id = $1', [ids[0]]);
  expect(rows).toEqual([{ outcome: 'delivered' }]);
});

test('each delivery of a batch is recorded as its response arrives, with its own outcome', async () => {
  const { step: respondSlowly, respond } = pendingResponse();
  const [good, bad, slow] = [
    await receiverThat(204),
    await receiverThat(503),
    await receiverThat(respondSlowly),
  ];
  const ids = await deliverToEach(store, [good.url, bad.url, slow.url]);

  const began = performance.now();
  const running = engine.run(firstSteps(ids), 'mine', deadlineIn(10_000));
  await eventually(async () => (await store.deliveryOf(ids[0]!)).status === 'delivered');
  expect(await store.deliveryOf(ids[2]!)).toMatchObject({ status: 'pending', claimed_at: expect.any(Date) });
  respond(200);

  const { results, unrecorded } = await running;
  const inOrder = ids.map((id) => results.find((result) => result.id === id));
  expect(inOrder).toEqual([
    { id: ids[0], kind: 'delivered', lastOutcome: 'delivered' },
    { id: ids[1], kind: 'waiting', step: 1, dueInMs: expect.any(Number), lastOutcome: '503' },
    { id: ids[2], kind: 'delivered', lastOutcome: 'delivered' },
  ]);
  expectRest(inOrder[1], 60_000, began);
  expect(unrecorded).toEqual([]);
  expect(engine.claimedWorkflows).toEqual(['mine']);
});

test('a due time counts from the end of its own attempt, however long the others in the batch take', async () => {
  const { step: respondSlowly, respond } = pendingResponse();
  const [bad, slow] = [await receiverThat(500), await receiverThat(respondSlowly)];
  const ids = await deliverToEach(store, [bad.url, slow.url]);

  const began = performance.now();
  const running = engine.run(firstSteps(ids), 'mine', deadlineIn(60_000));
  await eventually(async () => (await store.deliveryOf(ids[0]!)).status === 'retrying');
  const { due_at } = await store.deliveryOf(ids[0]!);
  // More than a second of the delay has passed when the other one ends.
  await eventually(() => Date.now() > due_at.getTime() - 60_000 + 1_100);
  respond(200);
  const { results } = await running;

  const result = results.find(({ id }) => id === ids[0]);
  expect(result).toMatchObject({ kind: 'waiting', step: 1 });
  expectRest(result, 59_000, began + 1_000);
  const [{ started_at, duration_ms }] = (await store.attemptsOf(ids[0]!)) as [
    { started_at: Date; duration_ms: number },
  ];
  expect((await store.deliveryOf(ids[0]!)).due_at).toEqual(due_at);
  expect(due_at.getTime() - started_at.getTime() - duration_ms).toBeGreaterThanOrEqual(59_990);
});

test('a rerun sends deliveries that were claimed and not recorded or never claimed, and nothing else', async () => {
  const receiver = await receiverThat(200);
  const ids = await deliverToEach(store, [receiver.url, receiver.url, receiver.url]);
  await engine.run(firstSteps(ids.slice(0, 1)), 'mine', deadlineIn(10_000));
  await claimDeliveries(store.pool, 'mine', firstSteps(ids.slice(1, 2)));

  const { results } = await engine.run(firstSteps(ids), 'mine', deadlineIn(10_000));

  expect(results.map(({ kind }) => kind)).toEqual(['delivered', 'delivered', 'delivered']);
  expect(receiver.requests).toHaveLength(3);
  expect(await store.attemptsOf(ids[1]!)).toMatchObject([{ outcome: 'unknown' }, { outcome: 'delivered' }]);
});

test('while Postgres hangs the run returns in time, and the attempt is recorded once', async () => {
  const receiver = await receiverThat(async (_, response) => {
    unlock = await lockDelivery(store.pool, ids[0]!);
    response.writeHead(200).end();
  });
  let unlock: (() => Promise<void>) | undefined;
  const ids = await deliverToEach(store, [receiver.url]);

  const began = performance.now();
  const { results, unrecorded } = await engine.run(firstSteps(ids), 'mine', deadlineIn(3_000));

  expect(performance.now() - began).toBeLessThan(30_000); // the lock is held until the end
  expect(results).toEqual([]);
  expect(unrecorded).toMatchObject([{ id: ids[0], epoch: 1, outcome: 'delivered', statusCode: 200 }]);
  expect(JSON.stringify(unrecorded)).not.toContain(receiver.url);
  await unlock!();
  expect(await engine.recordLate(unrecorded, 'mine')).toMatchObject([{ id: ids[0], kind: 'delivered' }]);
  expect(await store.attemptsOf(ids[0]!)).toMatchObject([{ number: 1, outcome: 'delivered' }]);
});
