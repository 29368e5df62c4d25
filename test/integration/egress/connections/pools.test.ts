import { startMisbehavingReceiver } from '../../../receivers/misbehaving-receiver.ts';
import { type Receiver, type ScriptStep, startReceiver } from '../../../receivers/receiver.ts';
import { eventually } from '../../../set-up/eventually.ts';
import { outboundPerTest } from '../outbound-per-test.ts';

const { create, post, stats } = outboundPerTest();
let receiver: Receiver;
const toClose: (() => Promise<void>)[] = [];

const start = async (script?: ScriptStep[]): Promise<Receiver> => {
  const started = await startReceiver(script);
  toClose.push(started.close);
  return started;
};

/** A one-step script that holds its responses until it is released, and then responds in order of arrival. */
const heldBack = () => {
  const waiting: (() => void)[] = [];
  const step: ScriptStep = (_, response) => void waiting.push(() => response.end());
  return { step, waiting, answerNext: () => waiting.shift()!() };
};

afterEach(async () => {
  for (const close of toClose.splice(0)) await close();
});

test('no more connections are opened than allowed, and waiting requests are served in order of arrival', async () => {
  create({ maxConnectionsPerHost: 2 });
  const { step, waiting, answerNext } = heldBack();
  receiver = await start([step]);
  const started: number[] = [];

  const results = Array.from({ length: 10 }, (_, i) =>
    post(receiver.url, { onStart: () => started.push(i) }),
  );
  for (let answered = 0; answered < 10; answered++) {
    await eventually(() => waiting.length === Math.min(2, 10 - answered));
    expect(stats()).toMatchObject({ pools: 1, connections: 2, waiting: Math.max(0, 8 - answered) });
    answerNext();
    await eventually(() => receiver.requests.length === Math.min(10, answered + 3));
  }

  expect((await Promise.all(results)).every((result) => result.kind === 'responded')).toBe(true);
  expect(started).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(receiver.connections()).toBe(2);
});

test('a request that gets no connection in time is not started, and reports that at its deadline', async () => {
  create({ maxConnectionsPerHost: 1 });
  const { step, waiting, answerNext } = heldBack();
  receiver = await start([step]);
  const first = post(receiver.url);
  await eventually(() => waiting.length === 1);
  const began = performance.now();
  let started = false;

  const second = await post(receiver.url, {
    startBy: began + 200,
    onStart: () => {
      started = true;
    },
  });

  expect(second).toEqual({ kind: 'not_started' });
  expect(performance.now() - began).toBeGreaterThan(195);
  expect(performance.now() - began).toBeLessThan(200 + 5_000); // the first one would wait for 20 s
  answerNext();
  expect(await first).toMatchObject({ outcome: 'delivered' });
  expect(started).toBe(false);
  expect(receiver.requests).toHaveLength(1);
});

test('a request whose latest start has passed is not started, even if a connection is free', async () => {
  create();
  receiver = await start();
  await post(receiver.url);

  expect(await post(receiver.url, { startBy: performance.now() - 1 })).toEqual({ kind: 'not_started' });
  expect(receiver.requests).toHaveLength(1);
});

test('a tenant that has used up its connections to a receiver does not use those of other tenants', async () => {
  create({ maxConnectionsPerHost: 2 });
  const { step, waiting, answerNext } = heldBack();
  receiver = await start([step, step, 200, step]);
  const greedy = Array.from({ length: 5 }, () => post(receiver.url, { poolKey: 'greedy' }));
  await eventually(() => waiting.length === 2);

  expect(await post(receiver.url, { poolKey: 'modest' })).toMatchObject({ outcome: 'delivered' });

  for (let i = 0; i < 5; i++) {
    await eventually(() => waiting.length > 0);
    answerNext();
  }
  await Promise.all(greedy);
});

test('the connection slot of a failed request goes to the next waiting request', async () => {
  create({ maxConnectionsPerHost: 1 });
  const silent = await startMisbehavingReceiver('neverResponds');
  toClose.push(silent.close);

  const results = await Promise.all([1, 2, 3].map(() => post(silent.url, { timeoutMs: 150 })));

  expect(results.map((result) => result.kind === 'failed' && result.outcome)).toEqual(
    Array(3).fill('timeout'),
  );
  expect(silent.connections()).toBe(3);
});

test('when all idle connections are stale, each request is sent once more and the limit still holds', async () => {
  create({ maxConnectionsPerHost: 4 });
  const stale = await startMisbehavingReceiver('resetsReusedConnections');
  toClose.push(stale.close);
  await Promise.all(Array.from({ length: 4 }, () => post(stale.url)));
  let most = 0;
  const watch = setInterval(() => (most = Math.max(most, stats().connections)), 1);

  const results = await Promise.all(Array.from({ length: 12 }, () => post(stale.url)));
  clearInterval(watch);

  expect(results.every((result) => result.kind === 'responded' && result.outcome === 'delivered')).toBe(true);
  expect(results.some((result) => result.kind === 'responded' && result.resent)).toBe(true);
  expect(most).toBeLessThanOrEqual(4);
});

test('a connection is closed after the maximum idle time, and its empty pool is removed', async () => {
  create({ maxIdleMs: 50 });
  receiver = await start();
  await post(receiver.url);
  expect(stats()).toMatchObject({ pools: 1, connections: 1 });

  await eventually(() => stats().pools === 0);
  expect(await post(receiver.url)).toMatchObject({ outcome: 'delivered', resent: false });
  expect(receiver.connections()).toBe(2);
});

test('the idle time that a receiver announces is respected', async () => {
  create({ maxIdleMs: 60_000 });
  receiver = await start([(_, response) => void response.setHeader('keep-alive', 'timeout=1').end()]);

  await post(receiver.url);
  await post(receiver.url);

  expect(receiver.connections()).toBe(2);
});

test('no more idle pools are kept than allowed: the least recently used is removed first', async () => {
  create({ maxIdlePools: 3 });
  receiver = await start();
  const keys = ['a', 'b', 'c', 'a', 'd'];
  for (const poolKey of keys) await post(receiver.url, { poolKey });
  expect(stats()).toMatchObject({ pools: 3, connections: 3 });
  expect(receiver.connections()).toBe(4);

  for (const poolKey of ['a', 'c', 'd']) await post(receiver.url, { poolKey });
  expect(receiver.connections()).toBe(4);
  await post(receiver.url, { poolKey: 'b' });
  expect(receiver.connections()).toBe(5);
});

test('closing waits for requests in flight and starts no more', async () => {
  const outbound = create({ maxConnectionsPerHost: 1 });
  const { step, waiting, answerNext } = heldBack();
  receiver = await start([step]);
  const [underWay, waited] = [post(receiver.url), post(receiver.url)];
  await eventually(() => waiting.length === 1);

  const closing = outbound.close();
  expect(await waited).toEqual({ kind: 'not_started' });
  expect(await post(receiver.url)).toEqual({ kind: 'not_started' });
  answerNext();

  expect(await underWay).toMatchObject({ outcome: 'delivered' });
  await closing;
  expect(outbound.stats().connections).toBe(0);
});
