/** Takes a few hundred milliseconds of CPU without waiting. */
export async function busy(): Promise<number> {
  let sum = 0;
  for (let n = 0; n < 5e7; n++) sum = (sum + n) % 1_000_003;
  return sum;
}
