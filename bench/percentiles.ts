/** The percentile by nearest rank, with `share` from 0 to 1; NaN without values. */
export function percentile(values: number[], share: number): number {
  if (values.length === 0) return Number.NaN;
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]!;
}

/** The mean of the two in the middle for an even number of values. */
export const median = (values: number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length / 2;
  return (sorted[Math.ceil(half) - 1]! + sorted[Math.floor(half)]!) / 2;
};

/** Rounds to the digits that are above noise: 3.4, 28, 1,240. */
export const roundForReport = (value: number): number =>
  value < 10 ? Math.round(value * 100) / 100 : Math.round(value);

/** With one more digit below 0.1 ms: 0.094, 0.59, 28. */
export const roundForCpu = (ms: number): number =>
  ms < 0.1 ? Math.round(ms * 1e3) / 1e3 : roundForReport(ms);
