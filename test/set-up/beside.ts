/** Milliseconds of calls, and how long the slowest but one in twenty took. */
export async function measureP95(calls: number, call: () => Promise<unknown>): Promise<number> {
  const took: number[] = [];
  for (let n = 0; n < calls; n++) {
    const startedAt = performance.now();
    await call();
    took.push(performance.now() - startedAt);
  }
  return took.sort((a, b) => a - b)[Math.ceil(calls * 0.95) - 1]!;
}

/** How much the victim's p95 may grow: twice, and what a machine that is busy with other suites adds. */
export const maxP95UnderAttack = (aloneMs: number): number => 2 * aloneMs + 150;

/** Runs `attacks` in loops, each call after the other, until `during` has ended; what they throw is theirs. */
export async function whileAttacked<T>(
  loops: number,
  attack: (n: number) => Promise<unknown>,
  during: () => Promise<T>,
): Promise<{ result: T; calls: number }> {
  let over = false;
  let calls = 0;
  const attackers = Array.from({ length: loops }, async (_, n) => {
    while (!over) {
      await attack(n).catch(() => {});
      calls += 1;
    }
  });
  try {
    return { result: await during(), calls };
  } finally {
    over = true;
    await Promise.all(attackers);
  }
}
