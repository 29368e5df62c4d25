import { betterEstimate } from '../../../src/store/postgres/clock-estimate.ts';

/** A reading that took `took` ms and shows the time of its end, of a clock that is `ahead` ms of the monotonic one. */
const reading = (at: number, took: number, ahead: number) => ({
  remoteTime: at + took + ahead,
  before: at,
  after: at + took,
});

test('a slow reading does not replace a quick one', () => {
  const quick = betterEstimate(undefined, reading(0, 2, 1_000));

  expect(betterEstimate(quick, reading(5_000, 180, 1_000))).toBe(quick);
  expect(Math.abs(quick.origin - 1_000)).toBeLessThanOrEqual(1);
});

test('a quicker reading replaces the first one, which was slow because of a busy start', () => {
  const inexact = betterEstimate(undefined, reading(0, 400, 1_000));
  expect(Math.abs(inexact.origin - 1_000)).toBe(200);

  expect(Math.abs(betterEstimate(inexact, reading(5_000, 4, 1_000)).origin - 1_000)).toBe(2);
});

test('a clock that was set is followed at once, even by a slow reading', () => {
  const known = betterEstimate(undefined, reading(0, 2, 1_000));

  const found = betterEstimate(known, reading(5_000, 300, 60_000));

  expect(Math.abs(found.origin - 60_000)).toBeLessThanOrEqual(150);
});

test('because of drift, an old reading is eventually replaced by a less exact one', () => {
  const old = betterEstimate(undefined, reading(0, 2, 1_000));

  expect(betterEstimate(old, reading(600_000, 100, 1_005))).not.toBe(old);
});
