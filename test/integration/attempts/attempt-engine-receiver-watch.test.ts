import { createReceiverWatch, type ReceiverWatch } from '../../../src/attempts/receiver-watch.ts';
import type { OutboundResult } from '../../../src/egress/outbound.ts';
import type { Lane } from '../../../src/policy/outcome.ts';
import { startReceiver } from '../../receivers/receiver.ts';
import { eventually } from '../../set-up/eventually.ts';
import { secretBox, seedStore } from '../../store/scale/seed.ts';
import { deadlineIn, startTestEngine } from './attempt-engine-set-up.ts';

let told: string[];
let watch: ReceiverWatch;

beforeEach(() => {
  told = [];
  watch = createReceiverWatch({
    onSlow: (receiver, _, cause) => told.push(`slow ${receiver}: ${cause}`),
    onHealthy: (receiver) => told.push(`healthy ${receiver}`),
  });
});
afterEach(() => watch.close());

const answered = (durationMs: number): OutboundResult => ({
  kind: 'responded',
  outcome: 'delivered',
  statusCode: 200,
  headers: {},
  body: Buffer.alloc(0),
  truncated: false,
  resent: false,
  startedAt: new Date(),
  durationMs,
});
const failed = (outcome: 'timeout' | 'connection_failed'): OutboundResult => ({
  kind: 'failed',
  outcome,
  statusCode: null,
  error: { code: outcome, message: '' },
  resent: false,
  startedAt: new Date(),
  durationMs: 1,
});

function attempt(receiver: string, result: OutboundResult, lane: Lane = 'fast'): void {
  const watched = watch.begin({ receiver, projectId: 'p', lane });
  watched.started();
  watched.ended(result);
}

test('a black hole is known for slow within 1.3 s, long before its timeout, and told of once', async () => {
  const store = await seedStore();
  const hole = await startReceiver([() => {}]);
  const engine = startTestEngine(store.pool, secretBox);
  await store.newEndpoint({ url: hole.url });
  const { ids } = await store.acceptEvent('mine');
  await store.acceptEvent('mine');

  const began = performance.now();
  const running = engine.run(
    ids.map((id) => ({ id, step: 0 })),
    'mine',
    deadlineIn(20_000),
  );
  await hole.untilReceived(1);
  const received = performance.now();
  await eventually(() => engine.watchReports.length > 0);

  expect(performance.now() - received).toBeLessThan(1_300 + 200); // and what this machine is late
  expect(performance.now() - began).toBeGreaterThan(1_000);
  hole.dropConnections();
  await running;
  expect(engine.watchReports).toHaveLength(1);
  await engine.close();
  await hole.close();
  await store.drop();
});

test('it is trusted again after three quick answers in a row', () => {
  attempt('r', failed('timeout'));
  for (const ms of [100, 100, 700, 100, 100]) attempt('r', answered(ms), 'slow');
  expect(told).toEqual(['slow r: timeout']);

  attempt('r', answered(100), 'slow');

  expect(told).toEqual(['slow r: timeout', 'healthy r']);
  expect(watch.stats()).toEqual({ receivers: 0, running: 0 });
});

test('a process that starts later learns from the lane that a receiver was slow', () => {
  for (let i = 0; i < 3; i++) attempt('r', answered(10), 'slow');

  expect(told).toEqual(['healthy r']);
});

test('three attempts in a row that do not reach it make it slow, two with an answer between do not', () => {
  for (const result of [failed('connection_failed'), failed('connection_failed'), answered(5)])
    attempt('a', result);
  attempt('a', failed('connection_failed'));
  expect(told).toEqual([]);

  attempt('a', failed('connection_failed'));
  attempt('a', failed('connection_failed'));

  expect(told).toEqual(['slow a: connection_failed']);
});

test('a receiver without room is slow', () => {
  const watched = watch.begin({ receiver: 'r', projectId: 'p', lane: 'fast' });
  watched.ended({ kind: 'not_started' });

  expect(told).toEqual(['slow r: no free connection']);
});

test('a receiver that answers with errors, but quickly, is not slow', () => {
  for (let i = 0; i < 10; i++)
    attempt('r', { ...answered(5), outcome: 'rejected', statusCode: 500 } as OutboundResult);

  expect(told).toEqual([]);
  expect(watch.stats()).toEqual({ receivers: 0, running: 0 });
});

test('its memory is bounded, whatever receivers there are', () => {
  for (let n = 0; n < 15_000; n++) {
    attempt(`failing-${n}`, failed('connection_failed'));
    attempt(`healthy-${n}`, answered(5));
  }

  expect(watch.stats()).toEqual({ receivers: 10_000, running: 0 });
});
