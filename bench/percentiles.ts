/** The value below or at which `share` of the values lie (nearest rank); NaN when there are none. */
export function percentile(values: number[], share: number): number {
  if (values.length === 0) return Number.NaN;
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]!;
}

/** Rounded to as many places as can be told apart from noise: 3.4, 28, 1,240. */
export const roundForReport = (value: number): number =>
  value < 10 ? Math.round(value * 100) / 100 : Math.round(value);
