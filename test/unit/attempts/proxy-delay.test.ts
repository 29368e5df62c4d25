import { proxyDelayMs } from '../../../src/attempts/delivery-results.ts';

test.each([
  [0, 0, 5_000],
  [0, 1, 5_000],
  [20_000, 0, 10_000],
  [20_000, 1, 20_000],
  [3_600_000, 0, 30_000],
  [3_600_000, 1, 60_000],
])(
  'after a proxy has failed for %d ms, a delivery returns after 5 to 60 s (random %d: %d ms)',
  (forMs, random, ms) => {
    expect(proxyDelayMs(forMs, () => random)).toBe(ms);
  },
);
