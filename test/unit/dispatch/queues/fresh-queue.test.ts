import { createDispatcher, type Dispatcher } from '../../../../src/dispatch/dispatcher.ts';
import type { NewDelivery } from '../../../../src/store/events/accept/accept-events.ts';
import { FakeDeliveries } from '../fake-deliveries.ts';
import { FakeTemporal } from '../fake-temporal.ts';
import { newDeliveries } from '../new-deliveries.ts';

const CLAIM_MS = 100;
const anyone = () => true;

let postgres: FakeDeliveries;
let temporal: FakeTemporal;
let dispatcher: Dispatcher;

beforeEach(() => {
  jest.useFakeTimers();
  postgres = new FakeDeliveries();
  temporal = new FakeTemporal(postgres);
  temporal.autoRespond = true;
  dispatcher = createDispatcher({
    pool: postgres.pool,
    inFlightLimiter: {
      hasCapacity: anyone,
      recordDispatched: () => {},
      hasClaimBacklog: () => false,
      refresh: async () => {},
    },
    starter: () => async (assignment) => {
      const result = await temporal.starter()!(assignment);
      setTimeout(() => dispatcher.recordClaimed([assignment.workflowId]), CLAIM_MS);
      return result;
    },
    grouping: 'auto',
    maxPerReceiver: 32,
    drainRate: 20,
    onStarted: () => {},
    onFailure: () => {},
  });
});
afterEach(async () => {
  const closing = dispatcher.close();
  await jest.advanceTimersByTimeAsync(1_000);
  await closing;
  expect([temporal.violations, dispatcher.held().reservations]).toEqual([[], 0]);
  jest.useRealTimers();
});

function accept(deliveries: NewDelivery[]): void {
  const reservation = dispatcher.reserve(deliveries);
  for (const [index, delivery] of deliveries.entries()) postgres.store(delivery, reservation.owners[index]!);
  reservation.commit(anyone);
}

test('beside a project whose groups are always full, each event of another starts within 275 ms', async () => {
  const acceptedAt = new Map<string, number>();
  const waits: number[] = [];
  for (let ms = 0; ms < 5_000; ms += 5) {
    accept(newDeliveries(10, { projectId: 'prj_busy' }));
    if (ms > 1_000 && ms % 100 === 0) {
      const [delivery] = newDeliveries(1, { projectId: 'prj_small' });
      acceptedAt.set(delivery!.id, performance.now());
      accept([delivery!]);
    }
    await jest.advanceTimersByTimeAsync(5);
    for (const { projectId, deliveries } of temporal.running.splice(0))
      for (const { id } of projectId === 'prj_small' ? deliveries : []) {
        waits.push(performance.now() - acceptedAt.get(id)!);
        acceptedAt.delete(id);
      }
  }

  expect(waits.length).toBeGreaterThan(30);
  expect(Math.max(...waits)).toBeLessThan(275);
  for (const at of acceptedAt.values()) expect(performance.now() - at).toBeLessThan(275);
});
