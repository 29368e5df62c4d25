import { type ChartData, DAY_MS, dayText, endOf } from './series.ts';

/** `21 Nov, 09:05–09:10`. Steps of a day are days of UTC: `21 Nov`, and `21 Nov (UTC)` for readers of another zone. */
export function pointTime(data: ChartData, index: number, isUtc: boolean): string {
  const start = data.at[index]!;
  const zone = isUtc ? ({ timeZone: 'UTC' } as const) : {};
  const time = (ms: number): string =>
    new Date(ms).toLocaleString('en-GB', { hour: '2-digit', minute: '2-digit', ...zone });
  if (data.stepMs >= DAY_MS) return time(start) === '00:00' ? dayText(start) : `${dayText(start)} (UTC)`;
  const day = new Date(start).toLocaleString('en-GB', { day: 'numeric', month: 'short', ...zone });
  return `${day}, ${time(start)}–${time(endOf(data, index))}`;
}
