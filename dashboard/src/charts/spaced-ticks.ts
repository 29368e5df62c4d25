/**
 * Leaves out ticks whose texts would touch. Of two, the later one stays: at the end of a month it is the first of the next.
 * `ticks` ascend.
 */
export function spacedTicks<Tick>(ticks: Tick[], position: (tick: Tick) => number, gap: number): Tick[] {
  const kept: Tick[] = [];
  for (const tick of ticks.toReversed()) {
    const next = kept.at(-1);
    if (next === undefined || position(next) - position(tick) >= gap) kept.push(tick);
  }
  return kept.reverse();
}
