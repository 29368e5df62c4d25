import { reportFirstFailure } from '../../../src/observability/first-failure.ts';

test('of failures without a success in between only the first is reported, and none rejects', async () => {
  const reported: unknown[] = [];
  const attempt = reportFirstFailure((error) => reported.push(error));
  const failing = (name: string) => attempt(() => Promise.reject(name));

  await failing('first of an outage');
  await failing('second');
  await failing('third');
  await attempt(async () => {});
  await failing('first of the next outage');

  expect(reported).toEqual(['first of an outage', 'first of the next outage']);
});
