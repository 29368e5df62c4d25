/** One line or one part of the bars. `values`: one for each point, null where nothing was measured. */
export type Series = {
  name: string;
  /** A colour of the theme, without its dashes: `chart-timeout`. */
  color: string;
  shape: 'bar' | 'line' | 'dashed' | 'dotted';
  values: (number | null)[];
};

/** What a chart draws. Times are milliseconds since 1970. */
export type ChartData = {
  /** The start of each point. */
  at: number[];
  stepMs: number;
  /** Points that end later may still grow. */
  settledUntil: number;
  /** Nothing was counted before. */
  beginsAt: number;
  series: Series[];
};

export const DAY_MS = 86_400_000;

/** The day of UTC that begins then: steps of a day are those. */
export const dayText = (start: number): string =>
  new Date(start).toLocaleString('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' });

export const endOf = (data: Pick<ChartData, 'at' | 'stepMs'>, index: number): number =>
  data.at[index]! + data.stepMs;

export const isPartial = (data: ChartData, index: number): boolean => endOf(data, index) > data.settledUntil;

/** What is read out at a point: `12 accepted, 1 timeout`. Bars that are 0 are left out, unless all are. */
export function pointText(data: ChartData, index: number, format: (value: number) => string): string {
  const told = data.series.flatMap(({ name, shape, values }) => {
    const value = values[index] ?? null;
    return value === null || (value === 0 && shape === 'bar') ? [] : [`${name} ${format(value)}`];
  });
  return told.length === 0 ? 'nothing' : told.join(', ');
}

const MIN_ZOOM_POINTS = 6;

/** Half as many points around one, or twice as many: the times to show. null: there is nothing finer. */
export function zoomAround(
  data: ChartData,
  index: number,
  factor: 0.5 | 2,
): [from: number, to: number] | null {
  const points = Math.round(data.at.length * factor);
  if (factor < 1 && points < MIN_ZOOM_POINTS) return null;
  const middle = data.at[index]! + data.stepMs / 2;
  const half = (points * data.stepMs) / 2;
  return [middle - half, middle + half];
}
