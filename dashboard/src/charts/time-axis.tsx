import { scaleTime, scaleUtc } from 'd3-scale';
import { timeDay, utcDay } from 'd3-time';
import css from './chart.module.css';
import { HEIGHT, MARGIN } from './plot.ts';

type TimeAxisProps = { from: number; to: number; width: number; isUtc: boolean };

const PIXELS_PER_TICK = 110;

/** Times of the day; at midnight the date. */
export function TimeAxis({ from, to, width, isUtc }: TimeAxisProps) {
  const scale = (isUtc ? scaleUtc() : scaleTime())
    .domain([from, to])
    .range([MARGIN.left, width - MARGIN.right]);
  const ticks = scale.ticks(Math.max(2, Math.floor(width / PIXELS_PER_TICK)));
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
