import { createDispatcher, type Dispatcher } from '../../../src/dispatch/dispatcher.ts';
import type { InFlightLimiter } from '../../../src/dispatch/in-flight-limiter.ts';
import { MAX_DELIVERIES } from '../../../src/policy/workflow-size.ts';
import type { Assignment } from '../../../src/store/deliveries/assignments/assignment.ts';
import { acceptEvents } from '../../store/accept-events.ts';
import { SECRET, type SeededStore, secretBox } from '../../store/seed.ts';

export type FakeEngine = {
  dispatcher: Dispatcher;
  /** In order. `before`: how many workflows were unclaimed before the start; `partial`: how many of these were not full. */
  starts: (Assignment & { before: number; partial: number; at: number })[];
  failures: unknown[];
  /** What happens to starts from now on. */
  behave: 'claim' | 'never claim' | 'fail' | 'lose the response' | 'id in use' | 'unavailable';
  deliveries(): string[];
  close(): Promise<void>;
};

/** Workers have any number of slots. */
const UNLIMITED: InFlightLimiter = {
  hasCapacity: () => true,
  recordDispatched: () => {},
  hasClaimBacklog: () => false,
  refresh: async () => {},
};

/**
 * A dispatcher with a Temporal that starts every workflow at once, and workers that claim after `claimAfterMs`, but not
 * before `firstClaimAt` workflows have been started.
 */
export function startFakeEngine(
  store: SeededStore,
  { claimAfterMs = 20, firstClaimAt = 0, grouping = 'auto' as 'auto' | 'never' } = {},
): FakeEngine {
  const unclaimed = new Map<string, number>();
  const unscheduled: string[] = [];
  const timers = new Set<NodeJS.Timeout>();
  const fake: FakeEngine = {
    starts: [],
    failures: [],
    behave: 'claim',
    deliveries: () => fake.starts.flatMap(({ deliveries }) => deliveries.map(({ id }) => id)),
    dispatcher: createDispatcher({
      pool: store.pool,
      inFlightLimiter: UNLIMITED,
      starter: () => (fake.behave === 'unavailable' ? null : start),
      grouping,
      maxPerReceiver: 32,
      drainRate: 20,
      onStarted: () => {},
      onFailure: (error) => fake.failures.push(error),
    }),
    async close() {
      for (const timer of timers) clearTimeout(timer);
      await fake.dispatcher.close();
      expect(fake.dispatcher.held().reservations).toBe(0);
    },
  };
  async function start(assignment: Assignment): Promise<'started' | 'id_in_use'> {
    if (fake.behave === 'fail') throw new Error('no');
    if (fake.behave === 'id in use') {
      fake.behave = 'claim';
      return 'id_in_use';
    }
    const partial = [...unclaimed.values()].filter((size) => size < MAX_DELIVERIES).length;
    fake.starts.push({ ...assignment, before: unclaimed.size, partial, at: performance.now() });
    if (fake.behave === 'lose the response') throw new Error('the response was lost');
    if (fake.behave === 'never claim') return 'started';
    unclaimed.set(assignment.workflowId, assignment.deliveries.length);
    unscheduled.push(assignment.workflowId);
    if (fake.starts.length >= firstClaimAt) unscheduled.splice(0).forEach(scheduleClaim);
    return 'started';
  }
  function scheduleClaim(workflowId: string): void {
    const timer = setTimeout(() => {
      unclaimed.delete(workflowId);
      timers.delete(timer);
      fake.dispatcher.recordClaimed([workflowId]);
    }, claimAfterMs);
    timers.add(timer);
  }
  return fake;
}

export const target = { url: 'http://127.0.0.1:9/', secret: SECRET };

/** Stores events whose deliveries wait in Postgres without an owner. */
export async function addBacklog(
  store: SeededStore,
  count: number,
  changes: { projectId?: string; policy?: string } = {},
): Promise<void> {
  for (let left = count; left > 0; left -= 500) {
    const drafts = Array.from({ length: Math.min(500, left) }, () => store.draft({ target, ...changes }));
    await acceptEvents(store.pool, secretBox, drafts);
  }
}

export const countUnowned = async (store: SeededStore): Promise<number> =>
  (await store.queryOne<{ n: number }>('SELECT count(*)::int AS n FROM deliveries WHERE owner IS NULL')).n;

/** At most two partial and 16 unclaimed workflows at a time, and each delivery once. */
export function expectStartLimits(engine: FakeEngine): void {
  for (const { before, partial, deliveries } of engine.starts) {
    expect(before).toBeLessThan(16);
    if (deliveries.length < MAX_DELIVERIES) expect(partial).toBeLessThan(2);
  }
  expect(new Set(engine.deliveries()).size).toBe(engine.deliveries().length);
}
