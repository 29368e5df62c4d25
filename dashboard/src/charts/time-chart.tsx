import { lazy, Suspense, useEffect } from 'react';
import type { ChartProps } from './chart.tsx';
import { ChartSkeleton } from './chart-skeleton.tsx';
import type { ChartData } from './series.ts';

// With the arithmetic of charts, they are loaded after the rest of the screen.
const loadBars = async () => ({ default: (await import('./time-bars.tsx')).TimeBars });
const loadLines = async () => ({ default: (await import('./time-lines.tsx')).TimeLines });
const Bars = lazy(loadBars);
const Lines = lazy(loadLines);

type TimeChartProps = Omit<ChartProps, 'data' | 'format' | 'draw'> & {
  /** `bars`: counts, which stand on each other. `lines`: durations, on a logarithmic axis. */
  kind: 'bars' | 'lines';
  /** Undefined until it is known. */
  data: ChartData | undefined;
};

/** A chart over time, which takes its place before its data and its code are there. */
export function TimeChart({ kind, data, ...props }: TimeChartProps) {
  useEffect(() => {
    // While the data come. A failure shows when the chart is drawn.
    (kind === 'bars' ? loadBars() : loadLines()).catch(() => undefined);
  }, [kind]);
  const skeleton = <ChartSkeleton title={props.title} />;
  if (!data) return skeleton;
  const Drawn = kind === 'bars' ? Bars : Lines;
  return (
    <Suspense fallback={skeleton}>
      <Drawn {...props} data={data} />
    </Suspense>
  );
}
