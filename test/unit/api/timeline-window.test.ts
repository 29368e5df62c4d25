import fc from 'fast-check';
import { pointsIn, STEPS, type Step, timelineWindow } from '../../../src/api/statistics/timeline-window.ts';

const NOW = Date.parse('2026-11-21T10:07:30Z');
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const request = (hours: number, step?: Step, finest: 1 | 5 = 1, from = NOW - hours * HOUR) =>
  timelineWindow({ from, to: from + hours * HOUR, step, finest, now: NOW, retentionMs: 400 * DAY });
const iso = (text: string) => new Date(text);

test('without a step the finest with at most 180 points is chosen', () => {
  const steps = [1, 6, 24, 7 * 24, 30 * 24, 400 * 24].map((hours) => {
    const window = request(hours);
    return typeof window === 'string' ? window : window.step;
  });
  expect(steps).toEqual(['1m', '5m', '15m', '1h', '6h', '1d']);
});

test('the points are whole steps in UTC, and cover the whole time', () => {
  expect(request(2, '1h')).toEqual({
    ...{ step: '1h', stepMinutes: 60, span: 60 },
    ...{ from: iso('2026-11-21T08:00:00Z'), to: iso('2026-11-21T11:00:00Z') },
  });
  expect(request(24, '6h')).toMatchObject({
    span: 60,
    from: iso('2026-11-20T06:00:00Z'),
    to: iso('2026-11-21T12:00:00Z'),
  });
});

test('a step finer than what is kept becomes the finest that is kept', () => {
  const stepOf = (window: ReturnType<typeof timelineWindow>) =>
    typeof window === 'string' ? window : window.step;
  expect(stepOf(request(1, '1m', 5))).toBe('5m');
  expect(stepOf(request(1, '1m', 1, NOW - 47 * HOUR))).toBe('1m');
  expect(stepOf(request(1, '1m', 1, NOW - 49 * HOUR))).toBe('1h');
  expect(stepOf(request(1, undefined, 1, NOW - 49 * HOUR))).toBe('1h');
  expect(stepOf(request(48, '1h', 1, NOW - 31 * DAY))).toBe('1d');
});

test('more than 400 points, more than 400 days, and no time at all are refused', () => {
  expect(request(400 / 60, '1m')).toMatchObject({ step: '1m' });
  expect(request(401 / 60, '1m')).toBe('too_many_points');
  expect(request(400 * 24 + 1)).toBe('window_required');
  expect(request(0)).toBe('window_required');
  expect(request(Number.NaN)).toBe('window_required');
});

test('every window has at most 401 points, of which the first has its beginning and the last its end', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 500 * DAY }),
      fc.integer({ min: 1, max: 400 * DAY }),
      fc.option(fc.constantFrom(...STEPS), { nil: undefined }),
      fc.constantFrom(1 as const, 5 as const),
      (ago, length, step, finest) => {
        const from = NOW - ago;
        const to = from + length;
        const window = timelineWindow({ from, to, step, finest, now: NOW, retentionMs: 400 * DAY });
        if (typeof window === 'string') return void expect(window).toBe('too_many_points');
        const points = pointsIn(window);
        const stepMs = window.stepMinutes * 60_000;
        expect(points.length).toBeLessThanOrEqual(401);
        expect(points[0]!.getTime()).toBeLessThanOrEqual(from);
        expect(points[0]!.getTime() + stepMs).toBeGreaterThan(from);
        expect(points.at(-1)!.getTime()).toBeLessThan(to);
        expect(points.at(-1)!.getTime() + stepMs).toBeGreaterThanOrEqual(to);
      },
    ),
  );
});
