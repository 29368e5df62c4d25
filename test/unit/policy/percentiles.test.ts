import fc from 'fast-check';
import { BUCKET_BOUNDS, percentileMs } from '../../../src/policy/percentiles.ts';

/** As width_bucket in Postgres. */
const bucketOf = (ms: number): number => BUCKET_BOUNDS.filter((bound) => ms >= bound).length;

function countsOf(times: number[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const ms of times) counts.set(bucketOf(ms), (counts.get(bucketOf(ms)) ?? 0) + 1);
  return counts;
}

/** The smallest of the times that at least that share does not exceed. */
const exact = (times: number[], percent: number): number =>
  times.toSorted((a, b) => a - b)[Math.max(1, Math.ceil((percent / 100) * times.length)) - 1]!;

const percents = fc.integer({ min: 0, max: 100 });

test('a percentile is at most 19 % off, and half a millisecond for being whole', () => {
  const times = fc.array(fc.integer({ min: 1, max: 2 ** 31 - 1 }), { minLength: 1, maxLength: 200 });
  const short = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(fc.oneof(times, short), percents, (sample, percent) => {
      const expected = exact(sample, percent);
      const estimate = percentileMs(countsOf(sample), percent)!;
      expect(Math.abs(estimate - expected)).toBeLessThanOrEqual(expected * 0.19 + 0.5);
    }),
  );
});

test('a higher percentile is never less, and counts may be added up in any order', () => {
  const sample = fc.array(fc.integer({ min: 0, max: 100_000 }), { minLength: 1 });
  fc.assert(
    fc.property(sample, percents, percents, (times, one, other) => {
      const counts = countsOf(times);
      const [low, high] = one < other ? [one, other] : [other, one];
      expect(percentileMs(counts, low)!).toBeLessThanOrEqual(percentileMs(counts, high)!);
      expect(percentileMs(new Map([...counts].reverse()), one)).toBe(percentileMs(counts, one));
    }),
  );
});

test('nothing that is timed has no percentile', () => {
  expect(percentileMs(new Map(), 50)).toBeNull();
  expect(percentileMs(new Map([[-1, 7]]), 50)).toBeNull();
  expect(
    percentileMs(
      new Map([
        [-1, 7],
        [0, 1],
      ]),
      99,
    ),
  ).toBe(1);
});
