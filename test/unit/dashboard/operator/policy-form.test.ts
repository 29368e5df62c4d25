import { delaysOf, formOf, overrideOf } from '../../../../dashboard/src/operator/policy/policy-form.ts';

describe('the form of a policy', () => {
  const below = { delays: ['30s'], timeout: '15s', jitter: 0 };

  test.each([
    null,
    { schedule: 'three-days' as const },
    { delays: ['1s', '2m'], timeout: '3s', jitter: 0.125, finalStatuses: ['400', '5xx'] },
    { delays: [] },
  ])('gives back %j', (policy) => {
    expect(overrideOf(formOf(policy))).toEqual(policy);
  });

  test('knows the delays that it means', () => {
    expect(delaysOf(formOf(null), below)).toEqual(['30s']);
    expect(delaysOf(formOf({ schedule: 'default' }), below)).toEqual(['1m', '5m', '30m', '2h']);
    expect(delaysOf({ ...formOf(null), schedule: 'own', delays: '1s,  2s' }, below)).toEqual(['1s', '2s']);
  });
});
