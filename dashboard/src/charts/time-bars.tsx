import { max, sum } from 'd3-array';
import { scaleLinear } from 'd3-scale';
import { curveStepAfter, line, stack } from 'd3-shape';
import css from './chart.module.css';
import { Chart, type ChartProps } from './chart.tsx';
import { BASELINE, MARGIN, type Plot } from './plot.ts';
import { endOf, isPartial } from './series.ts';

type TimeBarsProps = Omit<ChartProps, 'format' | 'draw'>;

const format = (value: number): string => value.toLocaleString();

/** Counts over time: bars stand on each other in the order of the series, lines are steps over them. */
export function TimeBars(props: TimeBarsProps) {
  return <Chart {...props} format={format} draw={(plot) => <Bars {...plot} />} />;
}

function Bars({ data, x, width }: Plot) {
  const bars = data.series.filter(({ shape }) => shape === 'bar');
  const lines = data.series.filter(({ shape }) => shape !== 'bar');
  const indexes = data.at.map((_, index) => index);
  const highest = Math.max(
    1,
    max(indexes, (index) => sum(bars, ({ values }) => values[index] ?? 0)) ?? 0,
    max(lines, ({ values }) => max(values, (value) => value ?? 0)) ?? 0,
  );
  const y = scaleLinear().domain([0, highest]).nice(4).range([BASELINE, MARGIN.top]);
  const layers = stack<number, number>()
    .keys(bars.keys())
    .value((index, key) => bars[key]!.values[index] ?? 0)(indexes);
  const path = line<number>()
    .x((index) => x(index === data.at.length ? endOf(data, index - 1) : data.at[index]!))
    .curve(curveStepAfter);
  return (
    <>
      {y
        .ticks(4)
        .filter(Number.isInteger)
        .map((tick) => (
          <g key={tick}>
            <line className={css.grid} x1={MARGIN.left} x2={width - MARGIN.right} y1={y(tick)} y2={y(tick)} />
            <text className={css.tick} x={MARGIN.left - 8} y={y(tick) + 4} textAnchor="end">
              {format(tick)}
            </text>
          </g>
        ))}
      {layers.map((layer) =>
        layer.map(([low, high], index) =>
          high > low ? (
            <rect
              // biome-ignore lint/suspicious/noArrayIndexKey: a point has no other name
              key={`${layer.key} ${index}`}
              className={isPartial(data, index) ? `${css.bar} ${css.partial}` : css.bar}
              style={{ fill: `var(--${bars[layer.key]!.color})`, stroke: `var(--${bars[layer.key]!.color})` }}
              x={x(data.at[index]!) + 0.5}
              width={Math.max(1, x(endOf(data, index)) - x(data.at[index]!) - 1)}
              y={y(high)}
              height={Math.max(1, y(low) - y(high))}
            />
          ) : null,
        ),
      )}
      {lines.map(({ name, color, values }) => (
        <path
          key={name}
          className={css.line}
          style={{ stroke: `var(--${color})` }}
          d={
            path.y((index) => y(values[Math.min(index, values.length - 1)] ?? 0))([
              ...indexes,
              ...(indexes.length > 0 ? [indexes.length] : []),
            ]) ?? ''
          }
        />
      ))}
    </>
  );
}
