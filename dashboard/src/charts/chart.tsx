import { scaleLinear } from 'd3-scale';
import { type ReactNode, useState } from 'react';
import { Button } from '../kit/buttons/button.tsx';
import { Panel } from '../kit/layout/page.tsx';
import { useClock } from '../kit/time/clock.ts';
import { AsTable } from './as-table.tsx';
import css from './chart.module.css';
import { Legend } from './legend.tsx';
import { BASELINE, HEIGHT, MARGIN, type Plot } from './plot.ts';
import { PointPicker } from './point-picker.tsx';
import { pointTime } from './point-time.ts';
import { type ChartData, endOf, isPartial, pointText, zoomAround } from './series.ts';
import { TimeAxis } from './time-axis.tsx';
import { useWidth } from './use-width.ts';

export type ChartProps = {
  title: string;
  data: ChartData;
  /** Beside the legend: a figure that belongs to it. */
  note?: ReactNode;
  format: (value: number) => string;
  draw: (plot: Plot) => ReactNode;
  onZoom?: (from: number, to: number) => void;
};

/** A chart over time with its legend, the values of one point, and the same as a table. */
export function Chart({ title, data, note, format, draw, onZoom }: ChartProps) {
  const [isTable, setTable] = useState(false);
  const [point, setPoint] = useState<number>();
  const [lookedAt, setLookedAt] = useState<number>();
  const [box, width] = useWidth<HTMLDivElement>();
  const isUtc = useClock()[0] === 'utc';
  const last = data.at.length - 1;
  const from = data.at[0] ?? 0;
  const to = last < 0 ? 1 : endOf(data, last);
  const x = scaleLinear()
    .domain([from, to])
    .range([MARGIN.left, width - MARGIN.right]);
  const shown = point === undefined ? undefined : Math.min(point, last);
  // What can be dragged can be clicked, too: around the point that was looked at last.
  const zoom = (factor: 0.5 | 2): void => {
    const times = zoomAround(data, Math.min(lookedAt ?? Math.floor(last / 2), last), factor);
    if (times) onZoom?.(...times);
  };
  const textAt = (index: number): string =>
    `${pointTime(data, index, isUtc)}${isPartial(data, index) ? ' (partial)' : ''}: ${pointText(data, index, format)}`;
  return (
    <Panel
      title={title}
      aside={
        <div className={css.tools}>
          {onZoom && last >= 0 && !isTable && (
            <>
              <Button kind="quiet" icon="zoom-in" iconOnly onClick={() => zoom(0.5)}>
                Zoom in
              </Button>
              <Button kind="quiet" icon="zoom-out" iconOnly onClick={() => zoom(2)}>
                Zoom out
              </Button>
            </>
          )}
          <Button kind="quiet" aria-pressed={isTable} onClick={() => setTable(!isTable)}>
            As table
          </Button>
        </div>
      }
    >
      <div className={css.body}>
        <div className={css.head}>
          <Legend series={data.series} />
          {note}
        </div>
        {isTable ? (
          <AsTable title={title} data={data} format={format} isUtc={isUtc} />
        ) : (
          <div ref={box} className={css.plot}>
            <svg width={width} height={HEIGHT} aria-hidden="true">
              <UncountedAndPartial data={data} x={x} />
              {draw({ data, x, width })}
              {shown !== undefined && shown >= 0 && (
                <rect
                  className={css.picked}
                  x={x(data.at[shown]!)}
                  width={Math.max(1, x(endOf(data, shown)) - x(data.at[shown]!))}
                  y={MARGIN.top}
                  height={BASELINE - MARGIN.top}
                />
              )}
              <line
                className={css.base}
                x1={MARGIN.left}
                x2={width - MARGIN.right}
                y1={BASELINE}
                y2={BASELINE}
              />
              <TimeAxis data={data} width={width} isUtc={isUtc} />
            </svg>
            {last >= 0 && (
              <PointPicker
                label={`${title}: points`}
                data={data}
                x={x}
                point={shown}
                textAt={textAt}
                onPick={(index) => {
                  setPoint(index);
                  if (index !== undefined) setLookedAt(index);
                }}
                {...(onZoom && { onZoom })}
              />
            )}
          </div>
        )}
        {!isTable && (
          <p className={css.readout}>
            {shown === undefined || shown < 0 ? hint(data, isUtc, onZoom) : textAt(shown)}
          </p>
        )}
      </div>
    </Panel>
  );
}

function hint(data: ChartData, isUtc: boolean, onZoom: ChartProps['onZoom']): string {
  const counted =
    data.beginsAt > (data.at[0] ?? 0)
      ? `Counted since ${new Date(data.beginsAt).toLocaleString('en-GB', {
          ...({ day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' } as const),
          ...(isUtc && { timeZone: 'UTC' }),
        })}. `
      : '';
  if (data.series.every(({ values }) => values.every((value) => value === null || value === 0)))
    return `${counted}Nothing in this time.`;
  const use = onZoom
    ? 'Drag to zoom, or use the buttons.'
    : 'Point at the chart, or use the arrow keys, to read each point.';
  return `${counted}${use}`;
}

/** Grey: the time before anything was counted. Hatched: points that may still grow. */
function UncountedAndPartial({ data, x }: { data: ChartData; x: Plot['x'] }) {
  const from = data.at[0];
  if (from === undefined) return null;
  const to = endOf(data, data.at.length - 1);
  const counted = Math.min(Math.max(from, data.beginsAt), to);
  const firstPartial = data.at.find((_, index) => isPartial(data, index));
  const area = { y: MARGIN.top, height: BASELINE - MARGIN.top };
  return (
    <>
      {counted > from && (
        <rect {...area} className={css.uncounted} x={x(from)} width={x(counted) - x(from)} />
      )}
      {firstPartial !== undefined && (
        <rect {...area} className={css.unsettled} x={x(firstPartial)} width={x(to) - x(firstPartial)} />
      )}
    </>
  );
}
