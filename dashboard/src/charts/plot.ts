import type { ScaleLinear } from 'd3-scale';
import type { ChartData } from './series.ts';

/** The sizes of all charts, in pixels. */
export const HEIGHT = 190;
export const MARGIN = { top: 10, right: 8, bottom: 24, left: 52 };
export const BASELINE = HEIGHT - MARGIN.bottom;

/** What a chart draws into: `x` maps a time to a pixel. */
export type Plot = { data: ChartData; x: ScaleLinear<number, number>; width: number };
