import type { Row } from './bench.ts';
import { median } from './percentiles.ts';

/** Whether what is measured is switched on. */
export type Side = 'on' | 'off';
export type SideLoad = { side: Side; deliveredPerSecond: number; cpuMs: number };
/** On ÷ off. */
export type SideRatio = { delivered: number; cpu: number };

/** What drifts evenly during a round weighs the same on both sides. The next round begins with the other side. */
const ORDERS: Side[][] = [
  ['on', 'off', 'off', 'on'],
  ['off', 'on', 'on', 'off'],
];

/** The loads of a round, which is counted from 1. */
export const sidesOf = (round: number): Side[] => ORDERS[(round - 1) % ORDERS.length]!;

export function ratioOf(loads: SideLoad[]): SideRatio {
  const sum = (side: Side, of: 'deliveredPerSecond' | 'cpuMs') =>
    loads.reduce((total, load) => total + (load.side === side ? load[of] : 0), 0);
  const ratio = (of: 'deliveredPerSecond' | 'cpuMs') => sum('on', of) / sum('off', of);
  return { delivered: ratio('deliveredPerSecond'), cpu: ratio('cpuMs') };
}

/** `start` begins the row, which has the ratios of one round. */
export const ratioRow = (start: Row, { delivered, cpu }: SideRatio): Row => ({
  ...start,
  'delivered/s': delivered.toFixed(3),
  'CPU ms/delivery': cpu.toFixed(3),
});

/** The ratios of all rounds: the middle one, the extremes, and the mean with its standard error. `startOf` begins a row. */
export function summaryRows(startOf: (round: string) => Row, ratios: SideRatio[]): Row[] {
  const of = (name: keyof SideRatio) => ratios.map((ratio) => ratio[name]);
  const row = (round: string, describe: (values: number[]) => string): Row => ({
    ...startOf(round),
    'delivered/s': describe(of('delivered')),
    'CPU ms/delivery': describe(of('cpu')),
  });
  return [
    row('median', (values) => median(values).toFixed(3)),
    row(
      'lowest to highest',
      (values) => `${Math.min(...values).toFixed(3)} to ${Math.max(...values).toFixed(3)}`,
    ),
    row('mean ± standard error', meanWithError),
  ];
}

function meanWithError(values: number[]): string {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  if (values.length < 2) return mean.toFixed(3);
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  return `${mean.toFixed(3)} ± ${Math.sqrt(variance / values.length).toFixed(3)}`;
}
