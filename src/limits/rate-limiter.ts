import { LRUCache } from 'lru-cache';

type Bucket = { tokens: number; at: number };

/** Tenants whose buckets are remembered; one that is forgotten was not seen for long, and begins full. */
const MAX_BUCKETS = 50_000;

export type RateLimiter = {
  /** Takes one from each of the buckets, or from none: 0, or the seconds after which all of them have one. */
  take(buckets: { name: string; perMinute: number }[]): number;
};

/** Token buckets: a tenant may use up its minute at once, and then goes on at the pace of the rate. */
export function createRateLimiter(now: () => number = () => performance.now()): RateLimiter {
  const known = new LRUCache<string, Bucket>({ max: MAX_BUCKETS });

  const filled = (name: string, perMinute: number): Bucket => {
    const { tokens, at } = known.get(name) ?? { tokens: perMinute, at: now() };
    const bucket = { tokens: Math.min(perMinute, tokens + ((now() - at) / 60_000) * perMinute), at: now() };
    known.set(name, bucket);
    return bucket;
  };

  return {
    take(buckets) {
      const found = buckets.map(({ name, perMinute }) => ({ bucket: filled(name, perMinute), perMinute }));
      const empty = found.filter(({ bucket }) => bucket.tokens < 1);
      for (const { bucket } of empty.length > 0 ? [] : found) bucket.tokens -= 1;
      const waits = empty.map(({ bucket, perMinute }) =>
        perMinute === 0 ? 60 : Math.ceil(((1 - bucket.tokens) * 60) / perMinute),
      );
      return Math.max(0, ...waits);
    },
  };
}
