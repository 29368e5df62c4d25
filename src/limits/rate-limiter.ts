import { LRUCache } from 'lru-cache';

type Bucket = { tokens: number; at: number };

/** The least recently used bucket is dropped; it is full again when it is next used. */
const MAX_BUCKETS = 50_000;

export type RateLimiter = {
  /** Takes one token from each bucket and returns 0, or takes none and returns the seconds until all have one. */
  take(buckets: { name: string; perMinute: number }[]): number;
};

/** Token buckets: a tenant may spend a minute's tokens at once; after that they refill at `perMinute`. */
export function createRateLimiter(now: () => number = () => performance.now()): RateLimiter {
  const bucketsByName = new LRUCache<string, Bucket>({ max: MAX_BUCKETS });

  const refill = (name: string, perMinute: number): Bucket => {
    const { tokens, at } = bucketsByName.get(name) ?? { tokens: perMinute, at: now() };
    const bucket = { tokens: Math.min(perMinute, tokens + ((now() - at) / 60_000) * perMinute), at: now() };
    bucketsByName.set(name, bucket);
    return bucket;
  };

  return {
    take(buckets) {
      const found = buckets.map(({ name, perMinute }) => ({ bucket: refill(name, perMinute), perMinute }));
      const empty = found.filter(({ bucket }) => bucket.tokens < 1);
      for (const { bucket } of empty.length > 0 ? [] : found) bucket.tokens -= 1;
      const waits = empty.map(({ bucket, perMinute }) =>
        perMinute === 0 ? 60 : Math.ceil(((1 - bucket.tokens) * 60) / perMinute),
      );
      return Math.max(0, ...waits);
    },
  };
}
