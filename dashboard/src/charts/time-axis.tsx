import { axisTicks } from './axis-ticks.ts';
import css from './chart.module.css';
import { HEIGHT } from './plot.ts';
import type { ChartData } from './series.ts';

type TimeAxisProps = { data: ChartData; width: number; isUtc: boolean };

/** Times of the day; at midnight the date. */
export const TimeAxis = ({ data, width, isUtc }: TimeAxisProps) => (
  <g>
    {axisTicks(data, width, isUtc).map(({ x, text }) => (
      <text key={x} className={css.tick} x={x} y={HEIGHT - 6} textAnchor="middle">
        {text}
      </text>
    ))}
  </g>
);
