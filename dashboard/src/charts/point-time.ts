import { type ChartData, endOf } from './series.ts';

const DAY_MS = 86_400_000;

/** `21 Nov, 09:05–09:10`, or the day alone for steps of a day. */
export function pointTime(data: ChartData, index: number, isUtc: boolean): string {
  const zone = isUtc ? ({ timeZone: 'UTC' } as const) : {};
  const start = new Date(data.at[index]!);
  const day = start.toLocaleString('en-GB', { day: 'numeric', month: 'short', ...zone });
  const time = (date: Date): string =>
    date.toLocaleString('en-GB', { hour: '2-digit', minute: '2-digit', ...zone });
  // Days are those of UTC: in another zone they have hours.
  if (data.stepMs >= DAY_MS && time(start) === '00:00') return day;
  return `${day}, ${time(start)}–${time(new Date(endOf(data, index)))}`;
}
