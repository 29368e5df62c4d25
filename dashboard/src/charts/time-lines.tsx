import { max, min } from 'd3-array';
import { scaleLog } from 'd3-scale';
import { line } from 'd3-shape';
import { duration } from '../kit/time/time.ts';
import css from './chart.module.css';
import { Chart, type ChartProps } from './chart.tsx';
import { BASELINE, MARGIN, type Plot } from './plot.ts';

type TimeLinesProps = Omit<ChartProps, 'format' | 'draw'>;

/** The values of ticks: each power of ten up to 10 s, then minutes and hours. */
const TICKS = [1, 10, 100, 1_000, 10_000, 60_000, 600_000, 3_600_000, 36_000_000, 360_000_000];

/** Durations over time, on a logarithmic axis: 40 ms and 10 min are both readable. */
export function TimeLines(props: TimeLinesProps) {
  return <Chart {...props} format={duration} draw={(plot) => <Lines {...plot} />} />;
}

function Lines({ data, x, width }: Plot) {
  const values = data.series.flatMap((series) => series.values.filter((value) => value !== null));
  const lowest = Math.max(1, min(values) ?? 10);
  const highest = Math.max(lowest * 10, max(values) ?? 1_000);
  const y = scaleLog()
    .domain([TICKS.findLast((tick) => tick <= lowest) ?? 1, TICKS.find((tick) => tick >= highest) ?? highest])
    .range([BASELINE, MARGIN.top])
    .clamp(true);
  const [bottom, top] = y.domain() as [number, number];
  return (
    <>
      {TICKS.filter((tick) => tick >= bottom && tick <= top).map((tick) => (
        <g key={tick}>
          <line className={css.grid} x1={MARGIN.left} x2={width - MARGIN.right} y1={y(tick)} y2={y(tick)} />
          <text className={css.tick} x={MARGIN.left - 8} y={y(tick) + 4} textAnchor="end">
            {duration(tick)}
          </text>
        </g>
      ))}
      {data.series.map(({ name, color, shape, values: ofLine }) => (
        <g key={name} style={{ stroke: `var(--${color})`, fill: `var(--${color})` }}>
          <path
            className={`${css.line} ${css[shape]}`}
            d={
              line<number | null>()
                .defined((value) => value !== null)
                .x((_, index) => x(data.at[index]! + data.stepMs / 2))
                .y((value) => y(Math.max(1, value ?? 1)))(ofLine) ?? ''
            }
          />
          {lonePoints(ofLine).map((index) => (
            <circle
              key={index}
              r={2.5}
              cx={x(data.at[index]! + data.stepMs / 2)}
              cy={y(Math.max(1, ofLine[index]!))}
            />
          ))}
        </g>
      ))}
    </>
  );
}

/** Points without another beside them, of which a line would show nothing. */
const lonePoints = (values: (number | null)[]): number[] =>
  values.flatMap((value, index) =>
    value !== null && values[index - 1] == null && values[index + 1] == null ? [index] : [],
  );
