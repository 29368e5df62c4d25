import fc from 'fast-check';
import type { DeliveryResult, DeliveryStep } from '../../../src/policy/delivery-result.ts';
import type { RetryPolicy } from '../../../src/policy/retry-policy.ts';
import { DeliveryTracker } from '../../../workflows/delivery-tracker.ts';

const policy: RetryPolicy = { delays: [60, 300, 1800, 7200], timeout: 15, jitter: 0 };
const impatient: RetryPolicy = { delays: [1, 60], timeout: 15, jitter: 0 };
const NOW = Date.parse('2030-01-01T00:00:00Z');
const SECOND = 1000;

const first = (...ids: string[]): DeliveryStep[] => ids.map((id) => ({ id, step: 0 }));
const failed = (id: string, step: number, dueInMs: number): DeliveryResult => ({
  id,
  kind: 'waiting',
  step,
  dueInMs,
  lastOutcome: '503',
});
const delivered = (id: string): DeliveryResult => ({ id, kind: 'delivered', lastOutcome: 'delivered' });

/** A tracker whose only delivery has failed once and waits for a minute. */
const oneWaiting = (): DeliveryTracker => {
  const tracker = new DeliveryTracker(policy, first('a'), NOW);
  tracker.takeDue(NOW);
  tracker.apply([failed('a', 1, 60 * SECOND)], NOW);
  return tracker;
};

test('when Postgres takes over, what waits is released, and what is attempted or kept goes on', () => {
  const tracker = new DeliveryTracker(impatient, first('waits', 'kept', 'attempted'), NOW);
  tracker.takeDue(NOW);
  tracker.apply([failed('waits', 1, 60 * SECOND), failed('kept', 1, 60 * SECOND)], NOW);
  tracker.takeDue(NOW);

  tracker.release(['kept']);

  expect(tracker.hasChanged()).toBe(true);
  expect(tracker.open(NOW).map(({ id }) => id)).toEqual(['kept']);
  tracker.apply([delivered('attempted')], NOW);
  expect(tracker.isOpen()).toBe(true);
  tracker.release([]);
  expect(tracker.isOpen()).toBe(false);
  expect(tracker.summary()).toEqual({ delivered: 1, undeliverable: 0, cancelled: 0, released: 2 });
});

test('new deliveries are due at once, in one activity', () => {
  const tracker = new DeliveryTracker(policy, first('a', 'b'), NOW);

  expect(tracker.takeDue(NOW)).toEqual([first('a', 'b')]);
  expect(tracker.takeDue(NOW)).toEqual([]);
  expect(tracker.isOpen()).toBe(true);
  expect(tracker.msUntilNextDue(NOW)).toBeUndefined();
});

test('a tracker of what is open waits as long as the one before, and counts what had settled', () => {
  const tracker = new DeliveryTracker(policy, first('done', 'waiting', 'cancelled'), NOW);
  tracker.takeDue(NOW);
  const ordered = { id: 'ordered', step: 1, orderedFor: 'ep_1' };
  tracker.apply([delivered('done'), failed('waiting', 1, 60 * SECOND), failed('cancelled', 1, 0)], NOW);
  tracker.cancel(['cancelled']);

  const later = NOW + 20 * SECOND;
  const next = new DeliveryTracker(policy, [...tracker.open(later), ordered], later);

  expect(tracker.open(later)).toEqual([
    { id: 'waiting', step: 1, retry: { dueInMs: 40 * SECOND, lastOutcome: '503' } },
  ]);
  expect(next.hasRetried()).toBe(true);
  expect(next.takeDue(later)).toEqual([[ordered]]);
  expect(next.msUntilNextDue(later)).toBe(40 * SECOND);
  expect(next.describeNext(later)).toBe('retry in 40s after 503');
  next.cancel(['waiting']);
  next.apply([delivered('ordered')], later);
  expect(next.summary(tracker.summary())).toEqual({
    delivered: 2,
    undeliverable: 0,
    cancelled: 2,
    released: 0,
  });
});

test('first attempts and retries are in separate activities, because they use different task queues', () => {
  const tracker = new DeliveryTracker(policy, [...first('a'), { id: 'b', step: 2 }], NOW);

  expect(tracker.takeDue(NOW)).toEqual([first('a'), [{ id: 'b', step: 2 }]]);
});

test('if a delay is shorter than the timeout, each delivery has an activity of its own', () => {
  const tracker = new DeliveryTracker(impatient, first('a', 'b'), NOW);

  expect(tracker.takeDue(NOW)).toEqual([first('a'), first('b')]);
});

test.each([policy, impatient])(
  'the deliveries of an ordered endpoint are in one activity of their own, in order',
  (kind) => {
    const line = [
      { id: 'c', step: 1, orderedFor: 'ep_1' },
      { id: 'b', step: 0, orderedFor: 'ep_1' },
    ];
    const other = { id: 'd', step: 0, orderedFor: 'ep_2' };
    const tracker = new DeliveryTracker(kind, [line[0]!, other, ...first('a'), line[1]!], NOW);

    expect(tracker.takeDue(NOW)).toEqual([first('a'), line, [other]]);
  },
);

test('a delivery whose first attempt had no workflow waits for its retry from the start', () => {
  const retry = { dueInMs: 60 * SECOND, lastOutcome: '503' };
  const tracker = new DeliveryTracker(policy, [{ id: 'a', step: 1, retry }], NOW);

  expect(tracker.takeDue(NOW)).toEqual([]);
  expect(tracker.hasRetried()).toBe(true);
  expect(tracker.msUntilNextDue(NOW)).toBe(60_000);
  expect(tracker.describeNext(NOW)).toBe('retry in 1m after 503');
  expect(tracker.takeDue(NOW + 60_000)).toEqual([[{ id: 'a', step: 1 }]]);
});

test('a failed delivery waits for its delay, and deliveries that failed together are due together', () => {
  const tracker = new DeliveryTracker(policy, first('a', 'b'), NOW);
  tracker.takeDue(NOW);
  tracker.apply([failed('a', 1, 60 * SECOND), failed('b', 1, 60 * SECOND)], NOW);

  expect(tracker.msUntilNextDue(NOW)).toBe(60_000);
  expect(tracker.describeNext(NOW)).toBe('retry in 1m after 503');
  expect(tracker.takeDue(NOW + 59_999)).toEqual([]);
  expect(tracker.takeDue(NOW + 60_000)).toEqual([
    [
      { id: 'a', step: 1 },
      { id: 'b', step: 1 },
    ],
  ]);
});

test('a retry request brings a waiting delivery forward and does not move the others', () => {
  const tracker = new DeliveryTracker(policy, first('a', 'b'), NOW);
  tracker.takeDue(NOW);
  tracker.apply([failed('a', 1, 60 * SECOND), failed('b', 1, 60 * SECOND)], NOW);

  tracker.makeDue(['b'], NOW + 10_000);

  expect(tracker.hasChanged()).toBe(true);
  expect(tracker.takeDue(NOW + 10_000)).toEqual([[{ id: 'b', step: 1 }]]);
  expect(tracker.msUntilNextDue(NOW + 10_000)).toBe(50_000);
});

test('a retry request during an attempt takes effect when the result arrives', () => {
  const tracker = new DeliveryTracker(policy, first('a'), NOW);
  tracker.takeDue(NOW);
  tracker.makeDue(['a'], NOW);
  expect(tracker.takeDue(NOW)).toEqual([]);

  tracker.apply([failed('a', 1, 60 * SECOND)], NOW);

  expect(tracker.takeDue(NOW)).toEqual([[{ id: 'a', step: 1 }]]);
});

test('a retry request during an attempt does not shorten a delay within the claim tolerance', () => {
  const tracker = new DeliveryTracker(impatient, first('a'), NOW);
  tracker.takeDue(NOW);
  tracker.makeDue(['a'], NOW);

  tracker.apply([failed('a', 1, SECOND)], NOW);

  expect(tracker.msUntilNextDue(NOW)).toBe(1000);
});

test('a retry request for an unknown delivery attempts it', () => {
  const tracker = oneWaiting();

  tracker.makeDue(['unknown'], NOW);

  expect(tracker.takeDue(NOW)).toEqual([first('unknown')]);
});

test('a retry request does not reopen a settled delivery', () => {
  const tracker = new DeliveryTracker(policy, first('a'), NOW);
  tracker.takeDue(NOW);
  tracker.apply([delivered('a')], NOW);

  tracker.makeDue(['a'], NOW);

  expect(tracker.isOpen()).toBe(false);
});

test('a cancelled delivery does not keep the workflow open', () => {
  const tracker = oneWaiting();

  tracker.cancel(['a', 'unknown']);

  expect(tracker.isOpen()).toBe(false);
  expect(tracker.summary()).toEqual({ delivered: 0, undeliverable: 0, cancelled: 1, released: 0 });
});

test('a cancel during an attempt ends the delivery, unless the result is delivered', () => {
  const tracker = new DeliveryTracker(policy, first('a', 'b'), NOW);
  tracker.takeDue(NOW);
  tracker.cancel(['a', 'b']);
  expect(tracker.isOpen()).toBe(true);

  tracker.apply([failed('a', 1, 60 * SECOND), delivered('b')], NOW);

  expect(tracker.summary()).toMatchObject({ cancelled: 1, delivered: 1 });
});

test('a released delivery does not keep the workflow open', () => {
  const tracker = new DeliveryTracker(policy, first('a'), NOW);
  tracker.takeDue(NOW);
  tracker.apply([{ id: 'a', kind: 'released' }], NOW);

  expect(tracker.isOpen()).toBe(false);
  expect(tracker.summary()).toMatchObject({ released: 1 });
});

test('a workflow is retrying from its first failed attempt on', () => {
  const tracker = new DeliveryTracker(policy, first('a'), NOW);
  expect(tracker.hasRetried()).toBe(false);

  tracker.takeDue(NOW);
  tracker.apply([failed('a', 1, 60 * SECOND)], NOW);

  expect(tracker.hasRetried()).toBe(true);
});

test('the table shows the state, attempt, last outcome and next attempt of each delivery', () => {
  const tracker = new DeliveryTracker(policy, first('a', 'b'), NOW);
  tracker.takeDue(NOW);
  tracker.apply([failed('a', 1, 60 * SECOND), delivered('b')], NOW);

  expect(tracker.formatTable().split('\n').slice(2)).toEqual([
    '| a | waiting | 2 of 5 | 503 | 2030-01-01T00:01:00.000Z |',
    '| b | delivered | 1 of 5 | delivered |  |',
  ]);
});

test('the table of a single delivery that waits for a retry is followed by the times of the attempts that are left', () => {
  const tracker = new DeliveryTracker(policy, first('a'), NOW);
  expect(tracker.formatTable().split('\n')).toHaveLength(3);
  tracker.takeDue(NOW);
  tracker.apply([{ id: 'a', kind: 'waiting', step: 2, dueInMs: 300_000, lastOutcome: '503' }], NOW);

  expect(tracker.formatTable().split('\n').slice(3)).toEqual([
    '',
    '| attempt | at the earliest |',
    '|---|---|',
    '| 3 of 5 | 2030-01-01T00:05:00.000Z |',
    '| 4 of 5 | 2030-01-01T00:35:00.000Z |',
    '| 5 of 5 | 2030-01-01T02:35:00.000Z |',
  ]);
});

test('a delivery that waits in Postgres is released, and the table shows when it is attempted again', () => {
  const tracker = new DeliveryTracker(policy, first('a'), NOW);
  tracker.takeDue(NOW);
  const next = { step: 4, dueInMs: 7_200_000, lastOutcome: '503' };
  tracker.apply([{ id: 'a', kind: 'released', next }], NOW);

  expect(tracker.isOpen()).toBe(false);
  expect(tracker.summary()).toMatchObject({ released: 1 });
  expect(tracker.formatTable().split('\n').slice(2)).toEqual([
    '| a | released | 5 of 5 | 503 | 2030-01-01T02:00:00.000Z |',
    '',
    '| attempt | at the earliest |',
    '|---|---|',
    '| 5 of 5 | 2030-01-01T02:00:00.000Z |',
  ]);
});

test('the table of a large group lists 25 deliveries and counts the rest', () => {
  const ids = Array.from({ length: 100 }, (_, n) => `d${n}`);

  const lines = new DeliveryTracker(policy, first(...ids), NOW).formatTable().split('\n');

  expect(lines.filter((line) => line.startsWith('| d'))).toHaveLength(1 + 25);
  expect(lines.at(-1)).toBe('… and 75 more');
});

test('the summary of an activity shows the attempt and the number of deliveries', () => {
  const tracker = new DeliveryTracker(policy, first('a'), NOW);

  expect(tracker.describeBatch([{ id: 'a', step: 2 }])).toBe('attempt 3 of 5');
  expect(tracker.describeBatch(first('a', 'b'))).toBe('attempt 1 of 5, 2 deliveries');
});

test('whatever the results and signals, each delivery has at most one attempt at a time, none early, and settles', () => {
  fc.assert(
    fc.property(fc.infiniteStream(fc.nat({ max: 99 })), fc.integer({ min: 1, max: 6 }), (chances, count) => {
      const chance = () => chances.next().value;
      const ids = Array.from({ length: count }, (_, n) => `d${n}`);
      const tracker = new DeliveryTracker(policy, first(...ids), NOW);
      const mayStartAt = new Map(ids.map((id) => [id, NOW]));
      const inFlightBatches: DeliveryStep[][] = [];
      let now = NOW;

      for (let round = 0; tracker.isOpen(); round += 1) {
        expect(round).toBeLessThan(500);
        for (const batch of tracker.takeDue(now)) {
          for (const { id } of batch) {
            expect(inFlightBatches.flat().map((one) => one.id)).not.toContain(id);
            expect(mayStartAt.get(id)).toBeLessThanOrEqual(now);
          }
          inFlightBatches.push(batch);
        }
        const id = ids[chance() % count]!;
        const isInFlight = inFlightBatches.flat().some((one) => one.id === id);
        if (chance() < 10 && !isInFlight) {
          mayStartAt.set(id, now);
          tracker.makeDue([id], now);
        } else if (chance() < 5) tracker.cancel([id]);
        else if (inFlightBatches.length > 0) {
          const [batch] = inFlightBatches.splice(chance() % inFlightBatches.length, 1);
          tracker.apply(
            batch!.map((one) => resultOf(one, chance())),
            now,
          );
          for (const one of batch!) mayStartAt.set(one.id, now + (policy.delays[one.step] ?? 0) * SECOND);
        } else now += tracker.msUntilNextDue(now) ?? 0;
      }

      const { delivered, undeliverable, cancelled, released } = tracker.summary();
      expect(delivered + undeliverable + cancelled + released).toBe(count);
    }),
  );
});

function resultOf({ id, step }: DeliveryStep, chance: number): DeliveryResult {
  const delay = policy.delays[step];
  if (chance < 20) return delivered(id);
  if (chance < 25) return { id, kind: 'released' };
  return delay === undefined
    ? { id, kind: 'undeliverable', lastOutcome: '503' }
    : failed(id, step + 1, delay * SECOND);
}
