import fc from 'fast-check';
import { createDispatcher } from '../../../src/dispatch/dispatcher.ts';
import type { Reservation } from '../../../src/dispatch/reservation.ts';
import { serializePolicy } from '../../../src/policy/retry-policy.ts';
import { MAX_DELIVERIES } from '../../../src/policy/workflow-size.ts';
import type { NewDelivery } from '../../../src/store/events/accept/accept-events.ts';
import { FakeDeliveries } from './fake-deliveries.ts';
import { FakeTemporal, type StartResult } from './fake-temporal.ts';
import { newDeliveries, POLICY } from './new-deliveries.ts';

const SHORT_POLICY = serializePolicy({ delays: [1], timeout: 15, jitter: 0 });
const RETRY_DELAYS_MS = [0, 300, 5_000];
const PROJECTS = ['prj_a', 'prj_b', 'prj_c', 'prj_d', 'prj_e'];

const dice = fc.nat(1_000);
const action = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.tuple(
      fc.constantFrom('reserve' as const, 'reserve' as const, 'reserve retries' as const),
      fc.oneof(
        { weight: 5, arbitrary: fc.integer({ min: 1, max: 4 }) },
        { weight: 1, arbitrary: fc.integer({ min: MAX_DELIVERIES - 10, max: MAX_DELIVERIES + 30 }) },
      ),
      dice,
    ),
  },
  {
    weight: 6,
    arbitrary: fc.tuple(
      fc.constant('end' as const),
      dice,
      fc.constantFrom('all', 'some', 'none', 'fails', 'lost', 'lost after the commit'),
    ),
  },
  {
    weight: 6,
    arbitrary: fc.tuple(
      fc.constant('respond' as const),
      dice,
      fc.constantFrom<StartResult>('started', 'started', 'started', 'id in use', 'failed', 'lost response'),
    ),
  },
  { weight: 6, arbitrary: fc.tuple(fc.constant('claim' as const), dice, fc.boolean()) },
  { weight: 3, arbitrary: fc.tuple(fc.constant('wait' as const), fc.constantFrom(1, 20, 250, 2_500)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('poll' as const)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('temporal' as const), fc.boolean()) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constant('postgres' as const), fc.constantFrom('none', 'down', 'lost response')),
  },
  { weight: 1, arbitrary: fc.tuple(fc.constant('capacity' as const), fc.boolean()) },
);
type Action = typeof action extends fc.Arbitrary<infer T> ? T : never;

/** A dispatcher between a Postgres and a Temporal that answer as the test says. */
function startWorld(grouping: 'auto' | 'never') {
  const postgres = new FakeDeliveries();
  const temporal = new FakeTemporal(postgres);
  const open: { reservation: Reservation; deliveries: NewDelivery[]; delayMs: number }[] = [];
  let hasCapacity = true;
  const dispatcher = createDispatcher({
    pool: postgres.pool,
    inFlightLimiter: {
      hasCapacity: () => hasCapacity,
      recordDispatched: () => {},
      hasClaimBacklog: () => false,
      refresh: async () => {},
    },
    starter: temporal.starter,
    grouping,
    maxPerReceiver: 32,
    drainRate: 20,
    onStarted: () => {},
    onFailure: () => {},
  });

  function reserve(kind: 'reserve' | 'reserve retries', count: number, roll: number): void {
    const projectId = PROJECTS[roll % PROJECTS.length]!;
    const changes: Partial<NewDelivery> = { projectId, policy: roll % 7 === 0 ? SHORT_POLICY : POLICY };
    if (roll % 11 === 0) changes.lane = 'restricted';
    if (kind === 'reserve' && roll % 13 === 0) changes.waitingFor = 'endpoint_paused';
    if (roll % 3 === 0) changes.eventId = `evt_wide_${performance.now()}_${open.length}`;
    const deliveries = newDeliveries(count, changes);
    const delayMs = kind === 'reserve' ? 0 : RETRY_DELAYS_MS[roll % RETRY_DELAYS_MS.length]!;
    const reservation =
      kind === 'reserve' ? dispatcher.reserve(deliveries) : reserveRetries(deliveries, delayMs);
    open.push({ reservation, deliveries, delayMs });
  }

  function reserveRetries(deliveries: NewDelivery[], delayMs: number): Reservation {
    const retry = { delayMs, endedAt: performance.now(), lastOutcome: '503' };
    const reservation = dispatcher.reserveRetries(
      deliveries.map((delivery) => ({ ...delivery, step: 1, retry })),
    );
    const byId = new Map(deliveries.map((delivery) => [delivery.id, delivery]));
    return { ...reservation, commit: (isStored) => reservation.commit(({ id }) => isStored(byId.get(id)!)) };
  }

  async function end(roll: number, how: string): Promise<void> {
    const [ended] = open.splice(roll % open.length, 1);
    if (!ended) return;
    const { reservation, deliveries, delayMs } = ended;
    const stored = new Set(
      how === 'all' || how === 'lost after the commit'
        ? deliveries
        : how === 'some'
          ? deliveries.filter((_, i) => i % 3 !== roll % 3)
          : [],
    );
    for (const [index, delivery] of deliveries.entries())
      if (stored.has(delivery)) postgres.store(delivery, reservation.owners[index]!, delayMs);
    await jest.advanceTimersByTimeAsync(1);
    if (how === 'fails' || how.startsWith('lost')) reservation.release(how !== 'fails');
    else reservation.commit((delivery) => stored.has(delivery));
  }

  async function act(next: Action): Promise<void> {
    if (next[0] === 'reserve' || next[0] === 'reserve retries') reserve(next[0], next[1], next[2]);
    else if (next[0] === 'end') await end(next[1], next[2]);
    else if (next[0] === 'respond') temporal.respond(next[1], next[2]);
    else if (next[0] === 'claim') {
      const workflowId = temporal.claim(next[1]);
      if (workflowId && next[2]) dispatcher.recordClaimed([workflowId, workflowId]);
    } else if (next[0] === 'wait') await jest.advanceTimersByTimeAsync(next[1]);
    else if (next[0] === 'poll') dispatcher.poll();
    else if (next[0] === 'temporal') temporal.isAvailable = next[1];
    else if (next[0] === 'postgres') postgres.failure = next[1] as FakeDeliveries['failure'];
    else if (next[0] === 'capacity') hasCapacity = next[1];
    await jest.advanceTimersByTimeAsync(0);
  }

  /** Ends what is open, with everything available again. */
  async function settle(): Promise<void> {
    temporal.autoRespond = true;
    temporal.isAvailable = true;
    postgres.failure = 'none';
    hasCapacity = true;
    while (open.length > 0) await end(0, 'all');
    while (temporal.calls.length > 0) temporal.respond(0, 'started');
    await jest.advanceTimersByTimeAsync(0);
  }

  return { postgres, temporal, dispatcher, act, settle };
}

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

const actions = fc.array(action, { minLength: 1, maxLength: 50, size: 'max' });
const grouping = fc.constantFrom('auto' as const, 'never' as const);

test('whatever fails, no delivery is started twice, each is claimed in the end, and all slots return', async () => {
  await fc.assert(
    fc.asyncProperty(grouping, actions, async (grouped, steps) => {
      const { postgres, temporal, dispatcher, act, settle } = startWorld(grouped);
      for (const step of steps) await act(step);
      await settle();

      const isOpen = () =>
        [...postgres.rows.values()].some((row) => row.waitingFor === null && !row.isLost && !row.isClaimed);
      const isSettled = () => {
        const { groups, startSlots } = dispatcher.held();
        return !isOpen() && groups === 0 && startSlots === 0;
      };
      for (let waited = 0; !isSettled() && waited < 60_000; waited += 100) {
        for (const { workflowId } of [...temporal.running]) {
          temporal.claim(0);
          dispatcher.recordClaimed([workflowId]);
        }
        await jest.advanceTimersByTimeAsync(100);
      }

      expect(temporal.violations).toEqual([]);
      expect(isOpen()).toBe(false);
      expect(dispatcher.held()).toEqual({ reservations: 0, groups: 0, startSlots: 0 });
      const closing = dispatcher.close();
      await jest.advanceTimersByTimeAsync(1_000);
      await closing;
    }),
    { numRuns: 300 },
  );
});

test('after close nothing starts, and each delivery has a workflow that started, or has been released', async () => {
  await fc.assert(
    fc.asyncProperty(grouping, actions, actions, async (grouped, before, during) => {
      const { postgres, temporal, dispatcher, act, settle } = startWorld(grouped);
      for (const step of before) await act(step);
      const closing = dispatcher.close();
      const startedBefore = temporal.called.size;
      for (const step of during) await act(step);
      await settle();
      await jest.advanceTimersByTimeAsync(10_000);

      await closing;
      expect(temporal.violations).toEqual([]);
      expect(temporal.called.size).toBe(startedBefore);
      expect(dispatcher.held().reservations).toBe(0);
      for (const row of postgres.rows.values()) {
        const isCarried = row.owner !== null && temporal.confirmed.has(row.owner);
        expect(row.owner === null || row.isClaimed || row.isLost || isCarried).toBe(true);
      }
    }),
    { numRuns: 200 },
  );
});
