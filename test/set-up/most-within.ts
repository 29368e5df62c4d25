/** The largest number of the times, in any order, that lie within one period of `ms`. */
export function mostWithin(times: number[], ms: number): number {
  const sorted = [...times].sort((a, b) => a - b);
  let from = 0;
  return Math.max(
    ...sorted.map((time, index) => {
      while (sorted[from]! <= time - ms) from += 1;
      return index - from + 1;
    }),
  );
}
