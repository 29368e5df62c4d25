import { setTimeout as sleep } from 'node:timers/promises';
import { cancelDelivery } from '../../../src/store/deliveries/retry-and-cancel.ts';
import { receiversPerTest } from '../../receivers/receivers-per-test.ts';
import { type SeededStore, secretBox, seedStore } from '../../store/seed.ts';
import {
  deadlineIn,
  deliverToEach,
  deliverToOne,
  firstSteps,
  lockDelivery,
  startTestEngine,
  type TestEngine,
} from './attempt-engine-set-up.ts';

let store: SeededStore;
let engine: TestEngine;
const receiverThat = receiversPerTest();

beforeEach(async () => {
  store = await seedStore();
  engine = startTestEngine(store.pool, secretBox, { connectionsPerHost: 2 });
});
afterEach(async () => {
  await engine.close();
  await store.drop();
});

test('a delivery without a connection within a second returns to the queue in the slow lane', async () => {
  const receiver = await receiverThat((_, response) => void setTimeout(() => response.end(), 1_500));
  const ids = await deliverToOne(store, receiver.url, 5);

  const { results } = await engine.run(firstSteps(ids), 'mine', deadlineIn(10_000));

  expect(results.filter(({ kind }) => kind === 'delivered')).toHaveLength(2);
  const released = results.filter(({ kind }) => kind === 'released').map(({ id }) => id);
  expect(released).toHaveLength(3);
  for (const id of released) {
    expect(await store.deliveryOf(id)).toMatchObject({
      owner: null,
      claimed_at: null,
      lane: 'restricted',
      attempts: 0,
      step: 0,
    });
  }
});

test('a claim that takes over a second sends nothing, and the receiver is not reported as slow', async () => {
  const receiver = await receiverThat(200);
  const [id] = await deliverToEach(store, [receiver.url]);
  const unlock = await lockDelivery(store.pool, id!);

  const running = engine.run(firstSteps([id!]), 'mine', deadlineIn(10_000));
  await sleep(1_100); // longer than may pass between a claim and its POST
  await unlock();

  expect((await running).results).toEqual([{ id, kind: 'released' }]);
  expect(await store.deliveryOf(id!)).toMatchObject({
    owner: null,
    claimed_at: null,
    lane: 'fast',
    attempts: 0,
  });
  expect(receiver.requests).toEqual([]);
  expect(engine.receiverReports).toEqual([]);
});

test('a cancel takes effect while a claimed delivery waits for a connection', async () => {
  const receiver = await receiverThat((_, response) => void setTimeout(() => response.end(), 1_500));
  const ids = await deliverToOne(store, receiver.url, 3);

  const running = engine.run(firstSteps(ids), 'mine', deadlineIn(10_000));
  await receiver.untilReceived(2);
  for (const id of ids) await cancelDelivery(store.pool, store.project, null, id);

  const kinds = (await running).results.map(({ kind }) => kind).sort();
  expect(kinds).toEqual(['cancelled', 'delivered', 'delivered']);
  expect(receiver.requests).toHaveLength(2);
});

test('a delivery whose secret cannot be decrypted is not sent and is due again in a minute', async () => {
  const receiver = await receiverThat(200);
  const ids = await deliverToEach(store, [receiver.url, receiver.url]);
  const [broken] = ids;
  await store.pool.query(
    `UPDATE endpoints SET secrets = '\\x00' WHERE id = (SELECT endpoint_id FROM deliveries WHERE id = $1)`,
    [broken],
  );

  const { results } = await engine.run(firstSteps(ids), 'mine', deadlineIn(10_000));

  expect(results.map(({ kind }) => kind).sort()).toEqual(['delivered', 'released']);
  const { owner, due_at, attempts } = await store.deliveryOf(broken!);
  expect({ owner, attempts }).toEqual({ owner: null, attempts: 0 });
  expect(due_at.getTime() - Date.now()).toBeGreaterThan(50_000);
  expect(engine.failures).toHaveLength(1);
});

test('a delivery in the isolated lane stays there when it gets no connection', async () => {
  const receiver = await receiverThat((_, response) => void setTimeout(() => response.end(), 1_500));
  const ids = await deliverToOne(store, receiver.url, 3);
  await store.pool.query(`UPDATE deliveries SET lane = 'isolated'`);

  const { results } = await engine.run(firstSteps(ids), 'mine', deadlineIn(10_000));

  const released = results.find(({ kind }) => kind === 'released')!;
  expect(await store.deliveryOf(released.id)).toMatchObject({ lane: 'isolated', owner: null });
});
