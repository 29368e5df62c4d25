import { absolute, countdown, duration, relative } from '../../../../dashboard/src/kit/time/time.ts';

const NOW = Date.parse('2026-11-21T12:00:00.000Z');

describe('times', () => {
  test('durations have at most two units', () => {
    expect([41, 999.6, 1_200, 9_000, 72_000, 7_500_000, 90_000_000].map(duration)).toEqual([
      '41 ms',
      '1000 ms',
      '1.2 s',
      '9 s',
      '1 min 12 s',
      '2 h 5 min',
      '1 d 1 h',
    ]);
  });

  test('a countdown has minutes, and hours only if there are any', () => {
    expect([252_000, 3_729_000, 400, -5].map(countdown)).toEqual(['4:12', '1:02:09', '0:01', '0:00']);
  });

  test('relative times say on which side of now they are', () => {
    expect(relative(NOW - 245_000, NOW)).toBe('4 min ago');
    expect(relative(NOW + 7_200_000, NOW)).toBe('in 2 h');
  });

  test('relative times are rounded to the nearest', () => {
    const ahead = [598_000, 59_600, 3_599_000, 80_000_000, 86_000_000].map((ms) => relative(NOW + ms, NOW));
    expect(ahead).toEqual(['in 10 min', 'in 1 min', 'in 1 h', 'in 22 h', 'in 1 d']);
  });

  test('the absolute time has its zone and milliseconds', () => {
    expect(absolute(NOW, 'utc')).toBe('2026-11-21 12:00:00.000 UTC');
    expect(absolute(NOW, 'local')).toMatch(/^2026-11-2\d \d\d:\d\d:00\.000 [+-]\d\d:\d\d$/);
  });
});
