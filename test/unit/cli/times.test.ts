import { formatSpan, formatTime, parseSpan, parseTime } from '../../../src/cli/client/output/times.ts';

const NOW = new Date(2026, 10, 21, 12, 3, 4);

test('a time of today is shown without its date', () => {
  expect(formatTime(new Date(2026, 10, 21, 9, 5, 6), NOW)).toBe('09:05:06');
  expect(formatTime(new Date(2026, 10, 20, 23, 59, 59), NOW)).toBe('2026-11-20 23:59:59');
});

test.each([
  [0, '0 s'],
  [59_400, '59 s'],
  [72_000, '1 m 12 s'],
  [5_400_000, '1 h 30 m'],
  [3_600_000, '1 h'],
  [90_061_000, '1 d 1 h'],
  [-5_000, '0 s'],
])('%d ms is %s', (ms, text) => {
  expect(formatSpan(ms)).toBe(text);
});

test('spans have a number and a unit', () => {
  expect(['500ms', '10s', '5m', '24h', '7d'].map(parseSpan)).toEqual([
    500, 10_000, 300_000, 86_400_000, 604_800_000,
  ]);
  expect(['', '10', '-1s', '1.5h', '1w', '10 s'].map(parseSpan)).toEqual(Array(6).fill(undefined));
});

test('a time is a date, or a span before now', () => {
  const now = Date.parse('2026-11-21T12:00:00Z');
  expect(parseTime('2026-11-21T09:00:00Z', now)).toBe('2026-11-21T09:00:00.000Z');
  expect(parseTime('90m', now)).toBe('2026-11-21T10:30:00.000Z');
  expect(['yesterday', '2026', '2026-13-01', '5'].map((text) => parseTime(text, now))).toEqual(
    Array(4).fill(undefined),
  );
});
