import { durationSeconds, retrySteps, SCHEDULES } from '../../../../dashboard/src/delivery/retry-steps.ts';
import { parseDuration } from '../../../../src/policy/duration.ts';
import { SCHEDULES as OF_THE_API } from '../../../../src/policy/policy-override.ts';

describe('retry steps', () => {
  test('know the named schedules and the durations of the API', () => {
    expect(SCHEDULES).toEqual(OF_THE_API);
    for (const text of ['0s', '30s', '5m', '2h', '7d', '5', 'm', '', '1 h', '-1s'])
      expect([text, durationSeconds(text)]).toEqual([text, parseDuration(text)]);
  });

  test('add up, and leave out what is no duration', () => {
    expect(retrySteps(['1m', 'soon', '5m'])).toEqual([
      { delay: 0, after: 0 },
      { delay: 60, after: 60 },
      { delay: 300, after: 360 },
    ]);
  });
});
