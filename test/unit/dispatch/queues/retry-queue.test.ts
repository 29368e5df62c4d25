import { createDispatcher, type Dispatcher } from '../../../../src/dispatch/dispatcher.ts';
import type { RetryDelivery } from '../../../../src/dispatch/queues/retry-queue.ts';
import { MAX_DELIVERIES } from '../../../../src/policy/workflow-size.ts';
import { FakeDeliveries } from '../fake-deliveries.ts';
import { FakeTemporal } from '../fake-temporal.ts';
import { newDeliveries } from '../new-deliveries.ts';

const RETRY = { delayMs: 60_000, endedAt: 0, lastOutcome: '503' };
const anyone = () => true;

let postgres: FakeDeliveries;
let temporal: FakeTemporal;
let dispatcher: Dispatcher;

beforeEach(() => {
  jest.useFakeTimers();
  postgres = new FakeDeliveries();
  temporal = new FakeTemporal(postgres);
  dispatcher = createDispatcher({
    pool: postgres.pool,
    inFlightLimiter: {
      hasCapacity: anyone,
      recordDispatched: () => {},
      hasClaimBacklog: () => false,
      refresh: async () => {},
    },
    starter: temporal.starter,
    grouping: 'auto',
    maxPerReceiver: 32,
    drainRate: 20,
    onStarted: () => {},
    onFailure: () => {},
  });
});
afterEach(async () => {
  const closing = dispatcher.close();
  while (temporal.calls.length > 0) temporal.respond(0, 'started');
  await jest.advanceTimersByTimeAsync(1_000);
  await closing;
  expect([temporal.violations, dispatcher.held().reservations]).toEqual([[], 0]);
  jest.useRealTimers();
});

/** Reserves retries and records them as stored. Returns their owners. */
function recordFailed(count: number, projectId = 'prj_a'): readonly (string | null)[] {
  const deliveries = newDeliveries(count, { projectId });
  const retries: RetryDelivery[] = deliveries.map((delivery) => ({ ...delivery, step: 1, retry: RETRY }));
  const reservation = dispatcher.reserveRetries(retries);
  for (const [index, delivery] of deliveries.entries())
    postgres.store(delivery, reservation.owners[index]!, RETRY.delayMs);
  reservation.commit(anyone);
  return reservation.owners;
}

test('failed deliveries of a project share a workflow, which starts within 250 ms with their next step', async () => {
  const owners = new Set([...recordFailed(2), ...recordFailed(1)]);
  expect(owners.size).toBe(1);
  expect(temporal.calls).toEqual([]);

  await jest.advanceTimersByTimeAsync(249);

  const [call] = temporal.calls;
  expect(call!.assignment.workflowId).toBe([...owners][0]);
  expect(call!.assignment.deliveries).toHaveLength(3);
  expect(call!.assignment.deliveries[0]).toMatchObject({ step: 1, retry: RETRY });
});

test('a full group starts at once, and holds a slot only until the start has ended', async () => {
  recordFailed(MAX_DELIVERIES);
  expect(temporal.calls).toHaveLength(1);
  expect(dispatcher.held().startSlots).toBe(1);

  temporal.respond(0, 'started');
  await jest.advanceTimersByTimeAsync(0);

  expect(dispatcher.held().startSlots).toBe(0);
});

test('groups that found no slot start as soon as other starts have ended', async () => {
  for (let i = 0; i < 20; i++) recordFailed(MAX_DELIVERIES);
  expect(temporal.calls).toHaveLength(16);

  for (let i = 0; i < 4; i++) {
    temporal.respond(0, 'started');
    await jest.advanceTimersByTimeAsync(0);
  }

  expect(temporal.calls).toHaveLength(16);
  expect(dispatcher.held().startSlots).toBe(16);
});

test('a flood of failures of one project has owners for 4,800, and delays neither another project nor new deliveries', () => {
  const owners = Array.from({ length: 40 }, () => recordFailed(MAX_DELIVERIES)).flat();
  // 16 groups of 200 are starting, and 1,600 deliveries are buffered.
  expect(owners.filter((owner) => owner !== null)).toHaveLength(16 * MAX_DELIVERIES + 1_600);

  recordFailed(MAX_DELIVERIES, 'prj_b');
  expect(temporal.calls.at(-1)!.assignment.projectId).toBe('prj_b');
  const fresh = newDeliveries(1);
  const reservation = dispatcher.reserve(fresh);
  postgres.store(fresh[0]!, reservation.owners[0]!);
  reservation.commit(anyone);
  expect(temporal.calls.at(-1)!.assignment.deliveries).toMatchObject([{ id: fresh[0]!.id, step: 0 }]);
});

test('while Temporal is down failed deliveries have no owner, and start when they are due', async () => {
  temporal.isAvailable = false;
  expect(recordFailed(2)).toEqual([null, null]);
  temporal.isAvailable = true;

  await jest.advanceTimersByTimeAsync(RETRY.delayMs - 1_000);
  expect(temporal.calls).toEqual([]);
  await jest.advanceTimersByTimeAsync(3_000);

  expect(temporal.calls.flatMap(({ assignment }) => assignment.deliveries)).toHaveLength(2);
});
