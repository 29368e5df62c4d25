import { scaleTime, scaleUtc } from 'd3-scale';
import { timeDay, utcDay } from 'd3-time';
import css from './chart.module.css';
import { HEIGHT, MARGIN } from './plot.ts';
import { spacedTicks } from './spaced-ticks.ts';

type TimeAxisProps = { from: number; to: number; width: number; isUtc: boolean };

const PIXELS_PER_TICK = 110;
/** The width of a text, one and a half times: the first and the last stand beside their tick, the others around it. */
const MIN_GAP = 62;

/** Times of the day; at midnight the date. */
export function TimeAxis({ from, to, width, isUtc }: TimeAxisProps) {
  const scale = (isUtc ? scaleUtc() : scaleTime())
    .domain([from, to])
    .range([MARGIN.left, width - MARGIN.right]);
  const wanted = Math.max(2, Math.floor(width / PIXELS_PER_TICK));
  // Days are counted from the first of each month, so two of them may be neighbours.
  const ticks = spacedTicks(scale.ticks(wanted), scale, MIN_GAP);
  return (
    <g>
      {ticks.map((tick) => (
        <text
          key={tick.getTime()}
          className={css.tick}
          x={scale(tick)}
          y={HEIGHT - 6}
          textAnchor={scale(tick) > width - 40 ? 'end' : scale(tick) < MARGIN.left + 20 ? 'start' : 'middle'}
        >
          {tickText(tick, isUtc)}
        </text>
      ))}
    </g>
  );
}

function tickText(tick: Date, isUtc: boolean): string {
  const isMidnight = Number((isUtc ? utcDay : timeDay).floor(tick)) === Number(tick);
  return tick.toLocaleString('en-GB', {
    ...(isMidnight
      ? ({ day: 'numeric', month: 'short' } as const)
      : ({ hour: '2-digit', minute: '2-digit' } as const)),
    ...(isUtc && { timeZone: 'UTC' }),
  });
}
