import { setTimeout as sleep } from 'node:timers/promises';
import type { AttemptReport } from '../../../workflows/contract.ts';
import { pendingResponse } from '../../receivers/pending-response.ts';
import { type Receiver, type ScriptStep, startReceiver } from '../../receivers/receiver.ts';
import { eventually } from '../../set-up/eventually.ts';
import { type SeededStore, secretBox, seedStore } from '../../store/seed.ts';
import { deadlineIn, firstSteps, startTestEngine, type TestEngine } from './attempt-engine-set-up.ts';

let store: SeededStore;
let engine: TestEngine;
let receiver: Receiver;

beforeEach(async () => {
  store = await seedStore();
});
afterEach(async () => {
  await receiver.close();
  await engine.close();
  await store.drop();
});

const kindsOf = ({ results }: AttemptReport): string[] => results.map(({ kind }) => kind);

async function receiverThat(step: ScriptStep): Promise<void> {
  receiver = await startReceiver([step]);
}

/** Accepts an event for `count` endpoints of the receiver. The workflow `owner` owns the deliveries. */
async function fanOut(count: number, owner: string, body = Buffer.from('{}')): Promise<string[]> {
  for (let n = 0; n < count; n++) await store.newEndpoint({ url: `${receiver.url}/${n}` });
  return (await store.acceptEvent(owner, { body })).ids;
}

test('with fewer slots than deliveries, each is claimed when a slot is free, and all are delivered once', async () => {
  await receiverThat(200);
  engine = startTestEngine(store.pool, secretBox, { maxConcurrent: 6 });
  const ids = await fanOut(40, 'event/p/e');

  const report = await engine.run(firstSteps(ids), 'event/p/e', deadlineIn(20_000));

  expect(kindsOf(report)).toEqual(ids.map(() => 'delivered'));
  expect(receiver.requests).toHaveLength(40);
  expect(engine.claimedWorkflows).toEqual(['event/p/e']);
});

test('a delivery without a slot within 5 s returns to the queue, unclaimed and without an attempt', async () => {
  const { step, respond } = pendingResponse();
  await receiverThat(step);
  engine = startTestEngine(store.pool, secretBox, { maxConcurrent: 8 });
  const ids = await fanOut(10, 'event/p/e');

  const running = engine.run(firstSteps(ids), 'event/p/e', deadlineIn(20_000));
  await eventually(async () => {
    const { n } = await store.queryOne<{ n: number }>(
      'SELECT count(*)::int AS n FROM deliveries WHERE owner IS NULL',
    );
    return n === 6;
  });
  respond(200);
  const report = await running;

  expect(kindsOf(report).filter((kind) => kind === 'delivered')).toHaveLength(4);
  const released = report.results.filter(({ kind }) => kind === 'released');
  expect(released).toHaveLength(6);
  for (const { id } of released) {
    expect(await store.deliveryOf(id)).toMatchObject({
      owner: null,
      claimed_at: null,
      attempts: 0,
      lane: 'fast',
    });
  }
});

test('a project whose receivers do not respond leaves slots to another project', async () => {
  const { step, respond } = pendingResponse();
  await receiverThat((request, response) =>
    request.path.endsWith('quick') ? void response.end() : step(request, response),
  );
  engine = startTestEngine(store.pool, secretBox, { maxConcurrent: 8 });
  const slow = await fanOut(12, 'event/busy/e');
  const busy = engine.run(firstSteps(slow), 'event/busy/e', deadlineIn(20_000));
  await eventually(() => receiver.requests.length === 4);

  await store.pool.query('DELETE FROM endpoints');
  await store.newEndpoint({ url: `${receiver.url}/quick` });
  const { ids } = await store.acceptEvent('event/quiet/e');
  const report = await engine.run(firstSteps(ids), 'event/quiet/e', deadlineIn(20_000));

  expect(kindsOf(report)).toEqual(['delivered']);
  expect(engine.slotsInUse()).toBe(4);
  respond(200);
  await busy;
});

test('a delivery that may not be sent holds no slot while other attempts of its batch last', async () => {
  let respond = () => {};
  const responding = new Promise<void>((resolve) => {
    respond = resolve;
  });
  await receiverThat(async (_, response) => {
    await responding;
    response.end();
  });
  engine = startTestEngine(store.pool, secretBox);
  const ids = await fanOut(10, 'event/p/e', Buffer.alloc(300_000, 'x'));
  await store.pool.query(`UPDATE deliveries SET due_at = now() + interval '1 hour' WHERE id <> $1`, [ids[0]]);

  const running = engine.run(firstSteps(ids), 'event/p/e', deadlineIn(20_000));

  await eventually(() => receiver.requests.length === 1 && engine.slotsInUse() === 1);
  respond();
  expect(kindsOf(await running).sort()).toEqual(['delivered', ...Array(9).fill('waiting')]);
  expect(engine.slotsInUse()).toBe(0);
});

test('a body of 1 MB is read once for all its deliveries and arrives complete at each', async () => {
  await receiverThat(200);
  const reads: number[] = [];
  engine = startTestEngine(store.pool, secretBox, { onBodyRead: () => void reads.push(1) });
  const body = Buffer.alloc(900_000, 'x');
  const ids = await fanOut(60, 'event/p/e', body);

  const report = await engine.run(firstSteps(ids), 'event/p/e', deadlineIn(30_000));

  // On a busy machine some POSTs cannot start within a second of their claim; those deliveries are released.
  expect(kindsOf(report).filter((kind) => kind !== 'released')).toEqual(
    receiver.requests.map(() => 'delivered'),
  );
  expect(receiver.requests.length).toBeGreaterThan(20);
  expect(reads).toHaveLength(1);
  expect(receiver.requests.every((request) => request.body.equals(body))).toBe(true);
});

test('a body that takes two seconds to read is still sent', async () => {
  await receiverThat(200);
  engine = startTestEngine(store.pool, secretBox, { onBodyRead: () => sleep(2_000) });
  const ids = await fanOut(3, 'event/p/e', Buffer.alloc(300_000, 'x'));

  const report = await engine.run(firstSteps(ids), 'event/p/e', deadlineIn(20_000));

  expect(kindsOf(report)).toEqual(['delivered', 'delivered', 'delivered']);
});
