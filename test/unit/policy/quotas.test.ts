import { createCallQuotas } from '../../../src/api/limits/call-quotas.ts';
import { createRateLimiter } from '../../../src/limits/rate-limiter.ts';
import { DEFAULT_QUOTAS, parseQuotas } from '../../../src/policy/quotas.ts';

test('quotas override the defaults, and an invalid one is named', () => {
  expect(parseQuotas('endpointsOfConsumer=50, testEventsPerMinute = 0')).toEqual({
    ...DEFAULT_QUOTAS,
    endpointsOfConsumer: 50,
    testEventsPerMinute: 0,
  });
  for (const wrong of [
    'endpoints=5',
    'endpointsOfConsumer',
    'endpointsOfConsumer=-1',
    'toString=1',
    '',
    'a=1,,',
  ])
    expect(parseQuotas(wrong)).toMatch(/^a comma-separated list of quotas/);
});

test('a consumer cannot be allowed more endpoints than an event may match', () => {
  expect(parseQuotas('endpointsOfConsumer=10000')).toMatchObject({ endpointsOfConsumer: 10_000 });
  expect(parseQuotas('endpointsOfConsumer=10001')).toMatch(/at most 10000/);
});

test('a minute’s calls may be made at once; after that the rate applies', () => {
  let now = 0;
  const limits = createRateLimiter(() => now);
  const take = () => limits.take([{ name: 'a', perMinute: 60 }]);
  for (let n = 0; n < 60; n++) expect(take()).toBe(0);
  expect(take()).toBe(1);
  now += 999;
  expect(take()).toBe(1);
  now += 1;
  expect([take(), take()]).toEqual([0, 1]);
  now += 3_600_000;
  for (let n = 0; n < 60; n++) expect(take()).toBe(0);
  expect(take()).toBe(1);
});

test('a call that one bucket refuses takes no token from the others', () => {
  const limits = createRateLimiter(() => 0);
  const [small, large] = [
    { name: 'small', perMinute: 1 },
    { name: 'large', perMinute: 3 },
  ];
  expect(limits.take([small, large])).toBe(0);
  expect(limits.take([small, large])).toBe(60);
  expect(limits.take([large])).toBe(0);
  expect(limits.take([large])).toBe(0);
  expect(limits.take([large])).toBe(20);
});

test('a consumer uses up its own rate and not its project’s, and all consumers together get the rate of one project', async () => {
  const quotas = createCallQuotas({
    ...DEFAULT_QUOTAS,
    testEventsPerMinute: 5,
    testEventsPerMinuteOfConsumer: 2,
  });
  const call = (consumer: string | null, projectId = 'p') =>
    quotas.admit('testEvents', { projectId, consumer });
  const refused = expect.objectContaining({ code: 'quota_exceeded', status: 429 });
  await call('a');
  await call('a');
  await expect(call('a')).rejects.toEqual(refused);
  await call('b');
  await call('b');
  await call('c');
  await expect(call('c')).rejects.toEqual(refused);
  for (let n = 0; n < 5; n++) await call(null);
  await expect(call(null)).rejects.toEqual(refused);
  await call('a', 'another');
});
