/** Local time of day; with the date unless it is today. */
export function formatTime(time: string | Date, now = new Date()): string {
  const at = new Date(time);
  const clock = [at.getHours(), at.getMinutes(), at.getSeconds()].map(twoDigits).join(':');
  const day = dayOf(at);
  return day === dayOf(now) ? clock : `${day} ${clock}`;
}

const dayOf = (at: Date): string =>
  [at.getFullYear(), twoDigits(at.getMonth() + 1), twoDigits(at.getDate())].join('-');
const twoDigits = (value: number): string => String(value).padStart(2, '0');

const UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
  ['s', 1],
] as const;

/** The two largest units of a time span, such as `1 h 30 m`. */
export function formatSpan(ms: number): string {
  let rest = Math.max(0, Math.round(ms / 1_000));
  const parts: string[] = [];
  for (const [unit, seconds] of UNITS) {
    const count = Math.floor(rest / seconds);
    rest -= count * seconds;
    if (count > 0) parts.push(`${count} ${unit}`);
    else if (parts.length > 0) break;
  }
  return parts.slice(0, 2).join(' ') || '0 s';
}

/** Reads `500ms`, `10s`, `5m`, `24h` or `7d`. Undefined if it is something else. */
export function parseSpan(text: string): number | undefined {
  const [, count, unit] = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text) ?? [];
  const ms = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }[unit ?? ''];
  return ms === undefined ? undefined : Number(count) * ms;
}

/** Reads a time, or a span before now, as an ISO time. Undefined if it is neither. */
export function parseTime(text: string, now: number): string | undefined {
  const span = parseSpan(text);
  if (span !== undefined) return new Date(now - span).toISOString();
  const time = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(time) ? undefined : new Date(time).toISOString();
}
