import fc from 'fast-check';
import { plannedAttempts } from '../../../src/policy/planned-attempts.ts';
import {
  effectivePolicy,
  type PolicyOverride,
  policySources,
  SCHEDULES,
  serializeOverride,
} from '../../../src/policy/policy-override.ts';
import type { RetryPolicy } from '../../../src/policy/retry-policy.ts';

const PROFILE: RetryPolicy = { delays: [30], timeout: 5, jitter: 0, finalStatuses: ['404'] };

test('the named schedules have these delays', () => {
  expect(SCHEDULES.default).toEqual(['1m', '5m', '30m', '2h']);
  expect(SCHEDULES['three-days']).toEqual(['5s', '5m', '30m', '2h', '5h', '10h', '14h', '20h', '24h']);
  const policy = effectivePolicy(PROFILE, { endpoint: { schedule: 'three-days' }, project: null });
  expect(policy.delays).toEqual([5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400]);
});

test('the endpoint beats the project, which beats the profile, member by member', () => {
  const layers = {
    endpoint: { schedule: 'default' },
    project: { delays: ['1s'], timeout: '10s', finalStatuses: [] },
  } satisfies Record<string, PolicyOverride>;
  expect(effectivePolicy(PROFILE, layers)).toEqual({
    delays: [60, 300, 1800, 7200],
    timeout: 10,
    jitter: 0,
    finalStatuses: [],
  });
  expect(policySources(layers)).toEqual({
    delays: 'endpoint',
    timeout: 'project',
    jitter: 'profile',
    finalStatuses: 'project',
  });
});

test('no delays at all are a schedule of one attempt', () => {
  expect(
    effectivePolicy(PROFILE, { endpoint: { delays: [] }, project: { schedule: 'default' } }).delays,
  ).toEqual([]);
});

test('equal overrides have equal texts, and one that sets nothing has none', () => {
  expect(serializeOverride({ jitter: 0, delays: ['1m'], finalStatuses: ['4xx', '300', '4xx'] })).toBe(
    serializeOverride({ finalStatuses: ['300', '4xx'], delays: ['1m'], jitter: 0 }),
  );
  expect(serializeOverride({})).toBeNull();
  expect(serializeOverride(null)).toBeNull();
});

test('planned attempts are as many as are left, each its delay after the one before', () => {
  const delays = fc.array(fc.integer({ min: 0, max: 86_400 }), { maxLength: 20 });
  fc.assert(
    fc.property(delays, fc.nat(20), fc.nat(10 ** 9), (all, startStep, dueAt) => {
      const step = Math.min(startStep, all.length);
      const planned = plannedAttempts({ ...PROFILE, delays: all }, step, dueAt);
      expect(planned.map((attempt) => attempt.step)).toEqual(
        Array.from({ length: all.length - step + 1 }, (_, index) => step + index),
      );
      expect(planned[0]!.at).toBe(dueAt);
      for (const [index, { at }] of planned.slice(1).entries())
        expect(at - planned[index]!.at).toBe(all[step + index]! * 1000);
    }),
  );
});
