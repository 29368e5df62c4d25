import { MAX_CHECKS, msUntilNextCheck } from '../../../packages/temporal/src/workflow/next-check.ts';

const NOW = Date.parse('2026-03-26T14:30:00Z');
const inMinutes = (minutes: number): string => new Date(NOW + minutes * 60_000).toISOString();

test('the next check comes 5 s after the next attempt is due', () => {
  expect(msUntilNextCheck(0, inMinutes(1), NOW)).toBe(65_000);
  expect(msUntilNextCheck(3, inMinutes(120), NOW)).toBe(7_205_000);
});

test('without a date the wait begins with 5 s and doubles', () => {
  expect([0, 1, 2, 3].map((checks) => msUntilNextCheck(checks, null, NOW))).toEqual([
    5_000, 10_000, 20_000, 40_000,
  ]);
});

test('the wait doubles, too, if attempts follow each other quickly', () => {
  expect(msUntilNextCheck(10, inMinutes(1), NOW)).toBe(5_120_000);
});

test('no wait is longer than 6 hours', () => {
  expect(msUntilNextCheck(0, inMinutes(100_000), NOW)).toBe(21_600_000);
  expect(msUntilNextCheck(39, null, NOW)).toBe(21_600_000);
});

test('the checks cover a week', () => {
  const waits = Array.from({ length: MAX_CHECKS }, (_, checks) => msUntilNextCheck(checks, null, NOW));
  expect(waits.reduce((sum, ms) => sum + ms, 0)).toBeGreaterThan(7 * 86_400_000);
});
