import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { Worker } from 'node:worker_threads';
import {
  type Behaviour,
  type BehaviourName,
  type MisbehavingReceiver,
  redirectTo,
  startMisbehavingReceiver,
} from '../../../receivers/misbehaving-receiver.ts';
import { startReceiver } from '../../../receivers/receiver.ts';
import { outboundPerTest } from '../outbound-per-test.ts';

/** For receivers that end nothing by themselves. */
const SHORT_MS = 700;
/** A result that takes less does not come from the deadline. */
const LONG_MS = 20_000;
/** On a busy machine the deadline may fire late, but never early. */
const LATE_MS = 5_000;

const { create, post, stats, untilIdle } = outboundPerTest();
let receiver: MisbehavingReceiver | undefined;
/** A failed test must not leave anything that keeps the process alive. */
const toEnd: (() => unknown)[] = [];

beforeEach(() => {
  create({ quietPeriodMs: 50 }); // the default of the client
});
afterEach(async () => {
  for (const end of toEnd.splice(0)) await end();
  await receiver?.close();
  receiver = undefined;
});

async function postTo(behaviour: BehaviourName | Behaviour, timeoutMs = LONG_MS) {
  receiver = await startMisbehavingReceiver(behaviour);
  const began = performance.now();
  const result = await post(receiver.url, { timeoutMs });
  return { result, tookMs: performance.now() - began };
}

test.each<[BehaviourName, object]>([
  ['neverResponds', { kind: 'failed', outcome: 'timeout', error: { code: 'RESPONSE_TIMEOUT' } }],
  ['headerDrip', { kind: 'responded', outcome: 'delivered', statusCode: 200, truncated: true }],
  ['statusDrip', { kind: 'failed', outcome: 'timeout' }],
  ['endlessInterimResponses', { kind: 'failed', outcome: 'timeout' }],
  ['bodyDripAfter200', { kind: 'responded', outcome: 'delivered', statusCode: 200, truncated: true }],
  ['bodyDripAfter500', { kind: 'responded', outcome: 'rejected', statusCode: 500, truncated: true }],
])('%s ends at the deadline', async (behaviour, expected) => {
  const { result, tookMs } = await postTo(behaviour, SHORT_MS);

  expect(result).toMatchObject(expected);
  expect(tookMs).toBeGreaterThan(SHORT_MS - 5);
  expect(tookMs).toBeLessThan(SHORT_MS + LATE_MS);
  expect(stats().connections).toBe(0);
  await receiver!.untilNoneOpen();
});

test.each<[BehaviourName, object]>([
  ['continueThen200', { outcome: 'delivered', statusCode: 200 }],
  ['interimResponseThen200', { outcome: 'delivered', statusCode: 200 }],
  ['noContentWithBody', { outcome: 'delivered', statusCode: 204 }],
  ['twoResponses', { outcome: 'delivered', statusCode: 200 }],
  ['resetAfterStatus', { outcome: 'delivered', statusCode: 200, truncated: true, body: Buffer.from('abc') }],
  ['closesInTheBody', { outcome: 'delivered', statusCode: 200, truncated: true, body: Buffer.from('abc') }],
  ['headersOf20k', { outcome: 'delivered', statusCode: 200, truncated: false }],
  ['status999', { outcome: 'rejected', statusCode: 999 }],
  ['switchesProtocols', { outcome: 'rejected', statusCode: 101 }],
  ['badBytes', { outcome: 'rejected', statusCode: 500, body: Buffer.from([0, 0xff, 0xc3, 0x28, 0, 0]) }],
])('%s is a response, at once', async (behaviour, expected) => {
  const { result, tookMs } = await postTo(behaviour);

  expect(result).toMatchObject({ kind: 'responded', resent: false, ...expected });
  expect(tookMs).toBeLessThan(LONG_MS);
});

test.each<[BehaviourName, object]>([
  ['resetBeforeStatus', { outcome: 'connection_failed', error: { code: 'ECONNRESET' } }],
  ['closesWithoutResponse', { outcome: 'connection_failed', error: { code: 'ECONNRESET' } }],
  ['garbage', { outcome: 'invalid_response', error: { code: 'NOT_HTTP' } }],
  ['status000', { outcome: 'invalid_response', error: { code: 'INVALID_STATUS' } }],
  ['floodOfInterimResponses', { outcome: 'invalid_response', error: { code: 'HEADERS_TOO_LARGE' } }],
  ['floodOfLineEnds', { outcome: 'invalid_response', error: { code: 'HEADERS_TOO_LARGE' } }],
])('%s is a failure, at once, sent once over a fresh connection', async (behaviour, expected) => {
  const { result, tookMs } = await postTo(behaviour);

  expect(result).toMatchObject({ kind: 'failed', resent: false, statusCode: null, ...expected });
  expect(receiver!.requests()).toBe(1);
  expect(tookMs).toBeLessThan(LONG_MS);
  expect(stats().connections).toBe(0);
});

test.each<[BehaviourName, 'delivered' | 'rejected']>([
  ['endlessBody', 'delivered'],
  ['endlessChunks', 'delivered'],
  ['gzipBomb', 'delivered'],
  ['endlessBodyAfter500', 'rejected'],
])(
  '%s is truncated at 16 KiB, long before the deadline and without reading more',
  async (behaviour, outcome) => {
    const before = process.memoryUsage().rss;
    const { result, tookMs } = await postTo(behaviour);

    expect(result).toMatchObject({ kind: 'responded', outcome, truncated: true });
    expect(result.kind === 'responded' && result.body.length).toBe(16_384);
    expect(tookMs).toBeLessThan(LONG_MS);
    expect(stats().connections).toBe(0);
    await receiver!.untilNoneOpen();
    // What the kernel's buffers on both sides take is not bounded by us; what we hold is.
    expect(receiver!.bytesWritten()).toBeLessThan(20_000_000);
    expect(process.memoryUsage().rss - before).toBeLessThan(80_000_000);
  },
);

test('a body of 16 KiB is stored completely, and its connection is kept', async () => {
  const good = await startReceiver([(_, response) => void response.end(Buffer.alloc(16_384, 'x'))]);
  toEnd.push(good.close);

  expect(await post(good.url)).toMatchObject({ outcome: 'delivered', truncated: false });
  await untilIdle();
  expect(await post(good.url)).toMatchObject({ outcome: 'delivered', truncated: false });

  expect(good.connections()).toBe(1);
});

test('a response that arrives before the request was read counts, and its connection is not reused', async () => {
  const server = createServer((socket) => {
    toEnd.push(() => socket.destroy());
    socket.on('error', () => {});
    socket.once('data', () => {
      socket.pause();
      socket.write('HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\n\r\n');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  toEnd.push(() => server.close());
  const { port } = server.address() as AddressInfo;

  const result = await post(`http://127.0.0.1:${port}/`, { body: Buffer.alloc(20_000_000) });

  expect(result).toMatchObject({ outcome: 'rejected', statusCode: 413, truncated: false });
  expect(stats().connections).toBe(0);
});

test('a response that arrived in time counts even if this process was too busy to read it in time', async () => {
  const responded = new Int32Array(new SharedArrayBuffer(4));
  const elsewhere = new Worker(
    `const { parentPort, workerData } = require('node:worker_threads');
     const responded = new Int32Array(workerData);
     const server = require('node:http').createServer((request, response) =>
       response.end('ok', () => Atomics.add(responded, 0, 1)));
     server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));`,
    { eval: true, workerData: responded.buffer },
  );
  toEnd.push(() => elsewhere.terminate());
  const [port] = (await once(elsewhere, 'message')) as [number];
  const url = `http://127.0.0.1:${port}/`;
  await post(url);
  await untilIdle();

  const timeoutMs = 1_000;
  const deadlineAt = performance.now() + timeoutMs;
  const result = post(url, { timeoutMs });
  // Long enough for the request to be written.
  for (let turns = 0; turns < 5; turns++) await new Promise((resolve) => setImmediate(resolve));
  // The second response has been sent, and is read after the deadline.
  while (Atomics.load(responded, 0) < 2 || performance.now() < deadlineAt + 100) {
    if (performance.now() > deadlineAt + LONG_MS) throw new Error('the response was not sent');
  }

  expect(await result).toMatchObject({ outcome: 'delivered', statusCode: 200 });
});

test('a redirect is a rejection, and its target gets no request', async () => {
  const trap = await startReceiver();
  toEnd.push(trap.close);
  const { result } = await postTo(redirectTo(trap.url));

  expect(result).toMatchObject({ outcome: 'rejected', statusCode: 301, headers: { location: trap.url } });
  expect(trap.connections()).toBe(0);
});

test('bytes that a receiver sends between responses are not read as the next response', async () => {
  receiver = await startMisbehavingReceiver('sendsUnsolicitedResponse');
  expect(await post(receiver.url)).toMatchObject({ outcome: 'delivered' });
  await receiver.untilNoneOpen();

  expect(await post(receiver.url)).toMatchObject({ outcome: 'delivered', statusCode: 200 });
});

test('a reused connection that is reset before any byte of the response is replaced by a new one, once', async () => {
  receiver = await startMisbehavingReceiver('resetsReusedConnections');

  expect(await post(receiver.url)).toMatchObject({ outcome: 'delivered', resent: false });
  await untilIdle();
  expect(await post(receiver.url)).toMatchObject({ outcome: 'delivered', resent: true });
  expect(receiver.requests()).toBe(3);
  expect(receiver.connections()).toBe(2);
});

test('a request is not sent again after its latest start time', async () => {
  // Silent on its second request for longer than the request may still be started.
  receiver = await startMisbehavingReceiver((socket, turn) =>
    turn === 1
      ? socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n')
      : setTimeout(() => socket.resetAndDestroy(), 2_000),
  );
  await post(receiver.url);
  await untilIdle();

  const result = await post(receiver.url, { startBy: performance.now() + 1_000 });

  expect(result).toMatchObject({ kind: 'failed', outcome: 'connection_failed', resent: false });
  expect(receiver.requests()).toBe(2);
});

test('400 sequential requests to a receiver that closes each idle connection are all delivered', async () => {
  receiver = await startMisbehavingReceiver('closesIdleConnections');
  let resent = 0;
  for (let i = 0; i < 400; i++) {
    const result = await post(receiver.url);
    expect(result).toMatchObject({ kind: 'responded', outcome: 'delivered' });
    if (result.kind === 'responded' && result.resent) resent++;
    // Lets the connection rest for as long as the receiver needs to close it, more or less.
    if (i % 4 === 0) await new Promise((resolve) => setTimeout(resolve, i % 3));
  }
  expect(receiver.requests()).toBeGreaterThanOrEqual(400);
  expect(receiver.requests()).toBeLessThanOrEqual(400 + resent);
});
