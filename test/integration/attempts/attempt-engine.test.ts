import type { AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { assignDue } from '../../../src/store/deliveries/assignments/assign-due.ts';
import { claimDeliveries } from '../../../src/store/deliveries/claims/claim-deliveries.ts';
import { cancelDelivery } from '../../../src/store/deliveries/retry-and-cancel.ts';
import { type Receiver, type ScriptStep, startReceiver } from '../../receivers/receiver.ts';
import { eventually } from '../../set-up/eventually.ts';
import { startTestApi } from '../../set-up/test-api.ts';
import { type SeededStore, secretBox, seedStore } from '../../store/scale/seed.ts';
import { deadlineIn, startTestEngine, type TestEngine } from './attempt-engine-set-up.ts';

let store: SeededStore;
let engine: TestEngine;
const receivers: Receiver[] = [];

beforeEach(async () => {
  store = await seedStore();
  engine = startTestEngine(store.pool, secretBox, { connectionsPerHost: 2 });
});
afterEach(async () => {
  for (const receiver of receivers.splice(0)) await receiver.close();
  await engine.close();
  await store.drop();
});

const receiverThat = async (...script: ScriptStep[]): Promise<Receiver> => {
  const receiver = await startReceiver(script);
  receivers.push(receiver);
  return receiver;
};

/** An event to each of the receivers, assigned to the workflow `mine`; the deliveries in the receivers' order. */
async function deliveriesTo(...urls: string[]): Promise<string[]> {
  const endpoints: string[] = [];
  for (const url of urls) endpoints.push(await store.newEndpoint({ url }));
  const { event } = await store.acceptEvent('mine');
  const { rows } = await store.pool.query<{ id: string; endpoint_id: string }>(
    'SELECT id, endpoint_id FROM deliveries WHERE event_id = $1',
    [event],
  );
  return endpoints.map((endpoint) => rows.find((row) => row.endpoint_id === endpoint)!.id);
}

/** As many events for one endpoint, which has a connection pool of its own. */
async function deliveriesToOne(url: string, count: number): Promise<string[]> {
  await store.newEndpoint({ url });
  const ids: string[] = [];
  for (let n = 0; n < count; n++) ids.push(...(await store.acceptEvent('mine')).ids);
  return ids;
}

const firstOf = (ids: string[]) => ids.map((id) => ({ id, step: 0 }));

/** Holds a row lock, as a statement of somebody else would that takes long. */
async function holdLock(statement: string, values: unknown[]): Promise<() => Promise<void>> {
  const client = await store.pool.connect();
  await client.query('BEGIN');
  await client.query(statement, values);
  return async () => {
    await client.query('ROLLBACK');
    client.release();
  };
}
const lockOf = (id: string) => holdLock('SELECT FROM deliveries WHERE id = $1 FOR UPDATE', [id]);

test('a run that Temporal repeats while this process lives waits for the attempt under way, and sends nothing twice', async () => {
  let answer = () => {};
  const receiver = await receiverThat((_, response) => {
    answer = () => response.writeHead(200).end();
  });
  const ids = await deliveriesTo(receiver.url);
  const first = engine.run(firstOf(ids), 'mine', deadlineIn(10_000));
  await receiver.untilReceived(1);

  const second = engine.run(firstOf(ids), 'mine', deadlineIn(10_000));
  answer();

  expect((await second).results).toMatchObject([{ id: ids[0], kind: 'delivered' }]);
  expect((await first).results).toMatchObject([{ id: ids[0], kind: 'delivered' }]);
  expect(receiver.requests).toHaveLength(1);
  const { rows } = await store.pool.query('SELECT outcome FROM attempts WHERE delivery_id = $1', [ids[0]]);
  expect(rows).toEqual([{ outcome: 'delivered' }]);
});

test('a group is claimed, sent, and recorded as it arrives, each with its own outcome', async () => {
  const slowAnswer: ScriptStep = async (_, response) => {
    await sleep(300);
    response.writeHead(200).end();
  };
  const [good, bad, slow] = [
    await receiverThat(204),
    await receiverThat(503),
    await receiverThat(slowAnswer),
  ];
  const ids = await deliveriesTo(good.url, bad.url, slow.url);

  const running = engine.run(firstOf(ids), 'mine', deadlineIn(10_000));
  await eventually(async () => (await store.deliveryOf(ids[0]!)).status === 'delivered');
  expect(await store.deliveryOf(ids[2]!)).toMatchObject({ status: 'pending', claimed_at: expect.any(Date) });

  const { results, unrecorded } = await running;
  expect(ids.map((id) => results.find((standing) => standing.id === id))).toEqual([
    { id: ids[0], kind: 'delivered', lastOutcome: 'delivered' },
    { id: ids[1], kind: 'waiting', step: 1, dueInMs: 60_000, lastOutcome: '503' },
    { id: ids[2], kind: 'delivered', lastOutcome: 'delivered' },
  ]);
  expect(unrecorded).toEqual([]);
  expect(engine.claimedWorkflows).toEqual(['mine']);
});

test('a due time counts from the end of the attempt, however long its neighbours take', async () => {
  const [bad, slow] = [
    await receiverThat(500),
    await receiverThat((_, response) => void setTimeout(() => response.end(), 1_200)),
  ];
  const ids = await deliveriesTo(bad.url, slow.url);

  const { results } = await engine.run(firstOf(ids), 'mine', deadlineIn(10_000));

  expect(results.find(({ id }) => id === ids[0])).toMatchObject({ kind: 'waiting', dueInMs: 59_000 });
  const { due_at } = await store.deliveryOf(ids[0]!);
  const [{ started_at, duration_ms }] = (await store.attemptsOf(ids[0]!)) as [
    { started_at: Date; duration_ms: number },
  ];
  expect(due_at.getTime() - started_at.getTime() - duration_ms).toBeLessThan(60_100);
  expect(due_at.getTime() - started_at.getTime() - duration_ms).toBeGreaterThanOrEqual(59_990);
});

test('a rerun sends what was claimed and not recorded, beside what was never claimed, and nothing else', async () => {
  const receiver = await receiverThat(200);
  const ids = await deliveriesTo(receiver.url, receiver.url, receiver.url);
  await engine.run(firstOf(ids.slice(0, 1)), 'mine', deadlineIn(10_000));
  await claimDeliveries(store.pool, 'mine', firstOf(ids.slice(1, 2)));

  const { results } = await engine.run(firstOf(ids), 'mine', deadlineIn(10_000));

  expect(results.map(({ kind }) => kind)).toEqual(['delivered', 'delivered', 'delivered']);
  expect(receiver.requests).toHaveLength(3);
  expect(await store.attemptsOf(ids[1]!)).toMatchObject([{ outcome: 'unknown' }, { outcome: 'delivered' }]);
});

test('what gets no connection within a second is given back, due soon, and queues apart', async () => {
  const receiver = await receiverThat((_, response) => void setTimeout(() => response.end(), 1_500));
  const ids = await deliveriesToOne(receiver.url, 5);

  const { results } = await engine.run(firstOf(ids), 'mine', deadlineIn(10_000));

  expect(results.filter(({ kind }) => kind === 'delivered')).toHaveLength(2);
  const released = results.filter(({ kind }) => kind === 'released').map(({ id }) => id);
  expect(released).toHaveLength(3);
  for (const id of released) {
    expect(await store.deliveryOf(id)).toMatchObject({
      owner: null,
      claimed_at: null,
      lane: 'slow',
      attempts: 0,
      step: 0,
    });
  }
});

test('a claim that itself takes over a second sends nothing, and is not held against the receiver', async () => {
  const receiver = await receiverThat(200);
  const [id] = await deliveriesTo(receiver.url);
  const unlock = await lockOf(id!);

  const running = engine.run(firstOf([id!]), 'mine', deadlineIn(10_000));
  await sleep(1_100); // the very time that may not pass between a claim and its POST
  await unlock();

  expect((await running).results).toEqual([{ id, kind: 'released' }]);
  expect(await store.deliveryOf(id!)).toMatchObject({
    owner: null,
    claimed_at: null,
    lane: 'fast',
    attempts: 0,
  });
  expect(receiver.requests).toEqual([]);
  expect(engine.watchReports).toEqual([]);
});

test('a cancel that comes while a claim waits for a connection holds', async () => {
  const receiver = await receiverThat((_, response) => void setTimeout(() => response.end(), 1_500));
  const ids = await deliveriesToOne(receiver.url, 3);

  const running = engine.run(firstOf(ids), 'mine', deadlineIn(10_000));
  await receiver.untilReceived(2);
  for (const id of ids) await cancelDelivery(store.pool, store.project, null, id);

  const kinds = (await running).results.map(({ kind }) => kind).sort();
  expect(kinds).toEqual(['cancelled', 'delivered', 'delivered']);
  expect(receiver.requests).toHaveLength(2);
});

test('a delivery whose secret does not open is not sent, and comes again in a minute', async () => {
  const receiver = await receiverThat(200);
  const ids = await deliveriesTo(receiver.url, receiver.url);
  const [broken] = ids;
  await store.pool.query(
    `UPDATE endpoints SET secrets = '\\x00' WHERE id = (SELECT endpoint_id FROM deliveries WHERE id = $1)`,
    [broken],
  );

  const { results } = await engine.run(firstOf(ids), 'mine', deadlineIn(10_000));

  expect(results.map(({ kind }) => kind).sort()).toEqual(['delivered', 'released']);
  const { owner, due_at, attempts } = await store.deliveryOf(broken!);
  expect({ owner, attempts }).toEqual({ owner: null, attempts: 0 });
  expect(due_at.getTime() - Date.now()).toBeGreaterThan(50_000);
  expect(engine.failures).toHaveLength(1);
});

test('a Postgres that hangs makes the report leave in time, and the record is written once all the same', async () => {
  const receiver = await receiverThat(async (_, response) => {
    unlock = await lockOf(ids[0]!);
    response.writeHead(200).end();
  });
  let unlock: (() => Promise<void>) | undefined;
  const ids = await deliveriesTo(receiver.url);

  const began = performance.now();
  const { results, unrecorded } = await engine.run(firstOf(ids), 'mine', deadlineIn(1_000));

  expect(performance.now() - began).toBeLessThan(2_000);
  expect(results).toEqual([]);
  expect(unrecorded).toMatchObject([{ id: ids[0], epoch: 1, outcome: 'delivered', statusCode: 200 }]);
  expect(JSON.stringify(unrecorded)).not.toContain(receiver.url);
  await unlock!();
  expect(await engine.recordLate(unrecorded, 'mine')).toMatchObject([{ id: ids[0], kind: 'delivered' }]);
  expect(await store.attemptsOf(ids[0]!)).toMatchObject([{ number: 1, outcome: 'delivered' }]);
});

test('the lane of a delivery that must travel alone survives a lack of connections', async () => {
  const receiver = await receiverThat((_, response) => void setTimeout(() => response.end(), 1_500));
  const ids = await deliveriesToOne(receiver.url, 3);
  await store.pool.query(`UPDATE deliveries SET lane = 'isolated'`);

  const { results } = await engine.run(firstOf(ids), 'mine', deadlineIn(10_000));

  const released = results.find(({ kind }) => kind === 'released')!;
  expect(await store.deliveryOf(released.id)).toMatchObject({ lane: 'isolated', owner: null });
});

test('an answer full of NULs and bytes that are no text is stored, and read back through the API', async () => {
  const api = await startTestApi();
  const own = startTestEngine(api.database.pool, api.secretBox);
  const raw = await startRawServer(
    Buffer.concat([
      Buffer.from('HTTP/1.1 500 No\r\nx-odd: caf\xe9\r\ncontent-length: 9\r\n\r\n', 'latin1'),
      Buffer.from([0, 0xff, 0xfe, 0x41, 0, 0xc3, 0x28, 0xed, 0xa0]),
    ]),
  );
  try {
    const { id: project, key } = await api.newProject();
    const { port } = raw.address() as AddressInfo;
    const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
    const body = { type: 'a.b', data: {}, target: { url: `http://127.0.0.1:${port}/`, secret } };
    await api.call('POST', '/v1/events', { key, body });
    const { pool } = api.database;
    const assignment = await assignDue(pool, project, {
      maxDeliveries: 1,
      minDeliveries: 1,
      grouping: true,
      uuid: 'one',
    });
    const { id } = assignment!.deliveries[0]!;

    await own.run(firstOf([id]), assignment!.workflowId, deadlineIn(10_000));

    const answer = await api.call('GET', `/v1/deliveries/${id}/attempts`, { key });
    expect(answer.status).toBe(200);
    const [attempt] = (answer.body as { items: { outcome: string; response: { body: string } }[] }).items;
    expect(attempt).toMatchObject({ outcome: 'rejected', statusCode: 500, number: 1 });
    expect(attempt!.response.body).toContain('\u0000');
    expect(attempt!.response.body).toContain('A');
    expect(own.failures).toEqual([]);
  } finally {
    raw.close();
    await own.close();
    await api.close();
  }
});

/** Answers the first bytes of any connection with `answer`. */
async function startRawServer(answer: Buffer): Promise<Server> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.end(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}
