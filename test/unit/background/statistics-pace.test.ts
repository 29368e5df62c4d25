import { rowsOfNextPass } from '../../../src/background/statistics.ts';

test('a pass that takes long, or fails, is followed by a smaller one, and short passes by larger ones', () => {
  expect(rowsOfNextPass(50_000, 600)).toBe(25_000);
  expect(rowsOfNextPass(50_000, Number.POSITIVE_INFINITY)).toBe(25_000);
  expect(rowsOfNextPass(1_500, 600)).toBe(1_000);
  expect(rowsOfNextPass(20_000, 400)).toBe(20_000);
  expect(rowsOfNextPass(20_000, 100)).toBe(40_000);
  expect(rowsOfNextPass(40_000, 100)).toBe(50_000);
});
