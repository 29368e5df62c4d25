import { formatDuration } from '../../src/policy/duration.ts';
import type { HistoryFacts } from './history.ts';

type Timer = HistoryFacts['timers'][number];

/** How much of a delay may have passed when its timer starts. */
const MAX_ELAPSED_S = 10;

/**
 * Expects a timer for each delay, in order. A timer takes what is left of its delay: recording the failure takes time, and the
 * whole seconds of it are subtracted. It is never longer than the delay. With `outcome`, also expects the timers' summaries.
 */
export function expectDelays(timers: Timer[], delays: string[], outcome?: string): void {
  // A timer that is as expected is shown as its delay.
  expect(timers.map(({ after }, n) => (isRestOf(after, delays[n] ?? '0s') ? delays[n] : after))).toEqual(
    delays,
  );
  if (outcome === undefined) return;
  for (const { after, summary } of timers) {
    expect(summary).toBe(`retry in ${formatDuration(secondsOf(after))} after ${outcome}`);
  }
}

/**
 * Expects the timers of a recorded history in a new run of its scenario, each for what is left of its delay. A short delay
 * may be over by the time its failure is recorded, and then has no timer.
 */
export function expectTimersAsRecorded(timers: Timer[], recorded: Timer[]): void {
  const unmatched = [...timers];
  for (const expected of recorded) {
    const [next] = unmatched;
    const matches = next && isRestOf(next.after, expected.after) && causeOf(next) === causeOf(expected);
    if (matches) unmatched.shift();
    else if (secondsOf(expected.after) > MAX_ELAPSED_S) expect(next).toEqual(expected);
  }
  expect(unmatched).toEqual([]);
}

const secondsOf = (duration: string): number => Number.parseFloat(duration);

function isRestOf(timer: string, delay: string): boolean {
  const elapsed = secondsOf(delay) - secondsOf(timer);
  return Number.isInteger(elapsed) && elapsed >= 0 && elapsed <= MAX_ELAPSED_S;
}

/** `after 503` of `retry in 1m after 503`. */
const causeOf = ({ summary }: Timer): string => summary.slice(summary.indexOf(' after '));
