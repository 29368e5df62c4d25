import { scaleTime, scaleUtc } from 'd3-scale';
import { timeDay, utcDay } from 'd3-time';
import { MARGIN } from './plot.ts';
import { type ChartData, DAY_MS, dayText, endOf } from './series.ts';
import { spacedTicks } from './spaced-ticks.ts';

/** A text below a chart, whose middle is at `x` pixels. */
export type AxisTick = { x: number; text: string };

const PIXELS_PER_TICK = 110;
/** The width of a text, one and a half times. */
const MIN_GAP = 62;
const HALF_TEXT = 20;

/**
 * The times below a chart of `width` pixels. Days stand below the middle of their bars, because a day is all of its bar. Finer
 * times stand where they are; at midnight the date. One that has no room at the end is left out: moved to the left, the end of the last
 * day, which is the beginning of the next, would stand below what happened before it.
 */
export function axisTicks(data: Pick<ChartData, 'at' | 'stepMs'>, width: number, isUtc: boolean): AxisTick[] {
  const last = data.at.length - 1;
  const from = data.at[0];
  if (from === undefined) return [];
  const to = endOf(data, last);
  const inner = width - MARGIN.left - MARGIN.right;
  const x = (ms: number): number => MARGIN.left + ((ms - from) / (to - from)) * inner;
  const fits = (tick: AxisTick): boolean => tick.x + HALF_TEXT <= width;
  if (data.stepMs >= DAY_MS) {
    const days = data.at.map((at) => ({ x: x(at + data.stepMs / 2), text: dayText(at) }));
    const every = Math.max(1, Math.ceil(PIXELS_PER_TICK / (inner / days.length)));
    // Counted from the newest that has room for its text.
    const newest = days.findLastIndex(fits);
    return days.filter((_, index) => index <= newest && (newest - index) % every === 0);
  }
  const ticks = (isUtc ? scaleUtc() : scaleTime())
    .domain([from, to])
    .ticks(Math.max(2, Math.floor(width / PIXELS_PER_TICK)))
    .map((tick) => ({ x: x(Number(tick)), text: timeText(tick, isUtc) }));
  // Days are counted from the first of each month, so two of them may be neighbours.
  return spacedTicks(ticks.filter(fits), (tick) => tick.x, MIN_GAP);
}

function timeText(tick: Date, isUtc: boolean): string {
  const isMidnight = Number((isUtc ? utcDay : timeDay).floor(tick)) === Number(tick);
  return tick.toLocaleString('en-GB', {
    ...(isMidnight
      ? ({ day: 'numeric', month: 'short' } as const)
      : ({ hour: '2-digit', minute: '2-digit' } as const)),
    ...(isUtc && { timeZone: 'UTC' }),
  });
}
