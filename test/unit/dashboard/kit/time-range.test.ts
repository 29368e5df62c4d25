import { boundsOf, widerRange } from '../../../../dashboard/src/kit/time/time-range.ts';

const NOW = Date.parse('2026-11-21T12:00:00.000Z');

describe('the time range', () => {
  test('a name means so long until now, and times in the URL win', () => {
    expect(boundsOf({ range: '1h' }, '24h', NOW)).toEqual({ since: '2026-11-21T11:00:00.000Z' });
    expect(boundsOf({ range: 'nonsense' }, '6h', NOW)).toEqual({ since: '2026-11-21T06:00:00.000Z' });
    expect(boundsOf({ range: '1h', until: '2026-11-20T00:00:00Z' }, '24h', NOW)).toEqual({
      until: '2026-11-20T00:00:00.000Z',
    });
    expect(boundsOf({ since: 'yesterday' }, '24h', NOW)).toEqual({ since: '2026-11-20T12:00:00.000Z' });
  });

  test('the next longer range is offered, until there is none', () => {
    expect([widerRange({}, '24h'), widerRange({ range: '30d' }, '24h')]).toEqual(['7d', undefined]);
  });
});
