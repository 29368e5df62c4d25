/**
 * Times are counted in buckets, two for each doubling: bucket b holds the whole milliseconds from 2^(b/2) to below
 * 2^((b+1)/2), the first also what took less than 1 ms. So a figure takes the same room whatever is counted, and a percentile
 * read from it is at most 19 % off.
 */
const BUCKETS = 64;

const lowerBound = (bucket: number): number => 2 ** (bucket / 2);

/** The lower bounds of all buckets but the first, ascending: how many of them a time reaches is its bucket. */
export const BUCKET_BOUNDS: number[] = Array.from({ length: BUCKETS - 1 }, (_, index) =>
  lowerBound(index + 1),
);

/** How many times are in each bucket. */
export type BucketCounts = ReadonlyMap<number, number>;

/**
 * Estimates the time in milliseconds that `percent` of the times do not exceed, as the geometric middle of the bucket that
 * has it. Null if nothing is counted.
 */
export function percentileMs(counts: BucketCounts, percent: number): number | null {
  const timed = [...counts].filter(([bucket, n]) => bucket >= 0 && n > 0).sort(([a], [b]) => a - b);
  const total = timed.reduce((sum, [, n]) => sum + n, 0);
  const rank = Math.max(1, Math.ceil((percent / 100) * total));
  let below = 0;
  for (const [bucket, n] of timed) {
    below += n;
    if (below >= rank) return Math.round(lowerBound(bucket + 0.5));
  }
  return null;
}
