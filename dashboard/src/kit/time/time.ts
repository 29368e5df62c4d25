export type Clock = 'local' | 'utc' | 'relative';

const UNITS: [string, number][] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
];

/** Two units at most: `2 h 5 min`, `41 ms`, `1.2 s`. Below 10 s with a decimal. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 10_000) return `${(ms / 1_000).toFixed(1).replace(/\.0$/, '')} s`;
  const index = UNITS.findIndex(([, size]) => ms >= size);
  const [unit, size] = UNITS[index]!;
  const whole = Math.floor(ms / size);
  const next = UNITS[index + 1];
  const rest = next ? Math.floor((ms % size) / next[1]) : 0;
  return rest > 0 && next ? `${whole} ${unit} ${rest} ${next[0]}` : `${whole} ${unit}`;
}

/** `4:12`, `1:02:09`: what counts down to a time. */
export function countdown(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1_000));
  const two = (n: number): string => String(n).padStart(2, '0');
  const hours = Math.floor(seconds / 3_600);
  const minutes = Math.floor(seconds / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

/** `4 min ago`, `in 2 h`, `now`; rounded to the nearest, so that what was just set to 10 min is not `in 9 min`. */
export function relative(at: number, now: number): string {
  const ms = at - now;
  const away = Math.abs(ms);
  if (away < 1_000) return 'now';
  const index = UNITS.findIndex(([, size]) => away >= size);
  const size = UNITS[index]![1];
  const rounded = Math.round(away / size) * size;
  const [unit, unitMs] = UNITS.find(([, larger]) => rounded >= larger)!;
  const amount = `${Math.round(rounded / unitMs)} ${unit}`;
  return ms < 0 ? `${amount} ago` : `in ${amount}`;
}

/** With zone and milliseconds, for titles and for copying. */
export function absolute(at: number, clock: Clock): string {
  const date = new Date(at);
  if (clock === 'utc') return date.toISOString().replace('T', ' ').replace('Z', ' UTC');
  const two = (n: number): string => String(n).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  const offset = -date.getTimezoneOffset();
  const zone = `${offset < 0 ? '-' : '+'}${two(Math.floor(Math.abs(offset) / 60))}:${two(Math.abs(offset) % 60)}`;
  return `${day} ${time}.${String(date.getMilliseconds()).padStart(3, '0')} ${zone}`;
}

/** For a row of a list: the time of the day, with the day if it is not today. */
export function short(at: number, now: number, clock: 'local' | 'utc'): string {
  const text = absolute(at, clock);
  return text.slice(0, 10) === absolute(now, clock).slice(0, 10) ? text.slice(11, 19) : text.slice(5, 19);
}
