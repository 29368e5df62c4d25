import { createReceiverMonitor, type ReceiverMonitor } from '../../../src/attempts/receiver-monitor.ts';
import type { OutboundResult } from '../../../src/egress/outbound.ts';
import type { Lane } from '../../../src/policy/outcome.ts';

let reports: string[];
let monitor: ReceiverMonitor;

beforeEach(() => {
  jest.useFakeTimers();
  reports = [];
  monitor = createReceiverMonitor({
    onSlow: (receiver, _, cause) => reports.push(`slow ${receiver}: ${cause}`),
    onHealthy: (receiver) => reports.push(`healthy ${receiver}`),
  });
});
afterEach(() => {
  monitor.close();
  jest.useRealTimers();
});

const responded = (durationMs: number): OutboundResult => ({
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
  const observation = monitor.begin({ receiver, projectId: 'p', lane });
  observation.started();
  observation.ended(result);
}

test('a receiver that does not respond is reported as slow after 1 s, once, within another quarter of a second', () => {
  for (const _ of [1, 2]) monitor.begin({ receiver: 'r', projectId: 'p', lane: 'fast' }).started();

  jest.advanceTimersByTime(999);
  expect(reports).toEqual([]);

  jest.advanceTimersByTime(251);
  expect(reports).toEqual(['slow r: slow']);
  jest.advanceTimersByTime(5_000);
  expect(reports).toEqual(['slow r: slow']);
});

test('a slow receiver is healthy again after three quick responses in a row', () => {
  attempt('r', failed('timeout'));
  for (const ms of [100, 100, 700, 100, 100]) attempt('r', responded(ms), 'restricted');
  expect(reports).toEqual(['slow r: timeout']);

  attempt('r', responded(100), 'restricted');

  expect(reports).toEqual(['slow r: timeout', 'healthy r']);
  attempt('r', responded(100));
  expect(monitor.stats()).toEqual({ receivers: 0, running: 0 });
});

test('a receiver that is restricted for another reason is reported as healthy once, and as slow when it does not respond', () => {
  for (let i = 0; i < 30; i++) attempt('r', responded(10), 'restricted');
  expect(reports).toEqual(['healthy r']);

  attempt('r', failed('timeout'), 'restricted');
  attempt('r', failed('timeout'), 'restricted');

  expect(reports).toEqual(['healthy r', 'slow r: timeout']);
});

test('a new process learns from the lane that a receiver is slow', () => {
  for (let i = 0; i < 3; i++) attempt('r', responded(10), 'restricted');

  expect(reports).toEqual(['healthy r']);
});

test('three failed connections in a row make a receiver slow, unless a response comes between them', () => {
  for (const result of [failed('connection_failed'), failed('connection_failed'), responded(5)])
    attempt('a', result);
  attempt('a', failed('connection_failed'));
  expect(reports).toEqual([]);

  attempt('a', failed('connection_failed'));
  attempt('a', failed('connection_failed'));

  expect(reports).toEqual(['slow a: connection_failed']);
});

test('a receiver without a free connection is slow', () => {
  const observation = monitor.begin({ receiver: 'r', projectId: 'p', lane: 'fast' });
  observation.ended({ kind: 'not_started' });

  expect(reports).toEqual(['slow r: no free connection']);
});

test('a receiver that responds with errors, but quickly, is not slow', () => {
  for (let i = 0; i < 10; i++)
    attempt('r', { ...responded(5), outcome: 'rejected', statusCode: 500 } as OutboundResult);

  expect(reports).toEqual([]);
  expect(monitor.stats()).toEqual({ receivers: 0, running: 0 });
});

test('its memory is bounded, however many receivers there are', () => {
  for (let n = 0; n < 15_000; n++) {
    attempt(`failing-${n}`, failed('connection_failed'));
    attempt(`healthy-${n}`, responded(5));
  }

  expect(monitor.stats()).toEqual({ receivers: 10_000, running: 0 });
});
