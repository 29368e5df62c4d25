import fc from 'fast-check';
import {
  deserializePolicy,
  hasDelayShorterThanTimeout,
  maxAttempts,
  type RetryPolicy,
  remainingDelayMs,
  retryDelayMs,
  serializePolicy,
} from '../../../src/policy/retry-policy.ts';

const standard: RetryPolicy = { delays: [60, 300, 1800, 7200], timeout: 15, jitter: 0 };
const DAY = 86_400;

const anyPolicy: fc.Arbitrary<RetryPolicy> = fc.record({
  delays: fc.array(fc.nat({ max: 30 * DAY }), { maxLength: 20 }),
  timeout: fc.integer({ min: 1, max: 60 }),
  jitter: fc.double({ min: 0, max: 1, noNaN: true }),
});
/** A value that Math.random can return: in [0, 1). */
const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

test('the standard policy makes five attempts: at once, then after 1m, 5m, 30m and 2h', () => {
  expect(maxAttempts(standard)).toBe(5);
  expect([0, 1, 2, 3, 4].map((step) => retryDelayMs(standard, step, () => 0.999))).toEqual([
    60_000,
    300_000,
    1_800_000,
    7_200_000,
    null,
  ]);
});

test('jitter only lengthens a delay, by at most its fraction of it', () => {
  fc.assert(
    fc.property(anyPolicy, chance, (policy, random) => {
      for (const [step, seconds] of policy.delays.entries()) {
        const delay = retryDelayMs(policy, step, () => random)!;
        expect(delay).toBeGreaterThanOrEqual(seconds * 1000);
        expect(delay).toBeLessThanOrEqual(Math.round(seconds * 1000 * (1 + policy.jitter)));
      }
    }),
  );
});

test('no delay follows the last attempt', () => {
  fc.assert(
    fc.property(anyPolicy, chance, (policy, random) => {
      expect(retryDelayMs(policy, maxAttempts(policy) - 1, () => random)).toBeNull();
    }),
  );
});

test('of a delay, the whole seconds that have passed are subtracted, and nothing is left once it is over', () => {
  const rests = [0, 999, 1_000, 1_999, 59_999, 60_000, 3_600_000].map((elapsed) =>
    remainingDelayMs(60_000, elapsed),
  );

  expect(rests).toEqual([60_000, 60_000, 59_000, 59_000, 1_000, 0, 0]);
});

test('equal policies have equal texts, and a text parses back to its policy', () => {
  fc.assert(
    fc.property(anyPolicy, (policy) => {
      const { jitter, timeout, delays } = policy;
      expect(serializePolicy({ jitter, timeout, delays: [...delays] })).toBe(serializePolicy(policy));
      expect(deserializePolicy(serializePolicy(policy))).toEqual({
        delays,
        timeout,
        jitter: jitter + 0, // JSON has no -0
      });
    }),
  );
});

test('parsed policies are shared and cannot be changed', () => {
  const text = serializePolicy(standard);
  const policy = deserializePolicy(text);

  expect(deserializePolicy(text)).toBe(policy);
  expect(Object.isFrozen(policy) && Object.isFrozen(policy.delays)).toBe(true);
});

test('many different policies are parsed correctly in any order', () => {
  const policies = Array.from({ length: 250 }, (_, n) => ({ ...standard, delays: [n] }));

  for (const policy of [...policies, ...policies.toReversed()]) {
    expect(deserializePolicy(serializePolicy(policy))).toEqual(policy);
  }
});

test('a delay equal to the timeout is not shorter than it', () => {
  expect(hasDelayShorterThanTimeout(standard)).toBe(false);
  expect(hasDelayShorterThanTimeout({ ...standard, delays: [15] })).toBe(false);
  expect(hasDelayShorterThanTimeout({ ...standard, delays: [60, 14] })).toBe(true);
});

test('final statuses are part of the text only if there are any, and their order does not matter', () => {
  const text = serializePolicy(standard);
  expect(serializePolicy({ ...standard, finalStatuses: [] })).toBe(text);
  expect(text).not.toContain('finalStatuses');
  const one = serializePolicy({ ...standard, finalStatuses: ['5xx', '400', '400'] });
  expect(one).toBe(serializePolicy({ ...standard, finalStatuses: ['400', '5xx'] }));
  expect(deserializePolicy(one)).toEqual({ ...standard, finalStatuses: ['400', '5xx'] });
});
