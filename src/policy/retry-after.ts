/** The longest wait that a receiver may ask for. A later time is treated as this one. */
export const MAX_RETRY_AFTER_MS = 24 * 3_600_000;

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const SHORT_DAYS = DAYS.map((day) => day.slice(0, 3));

const TIME = '(?<hour>\\d{2}):(?<minute>\\d{2}):(?<second>\\d{2})';
const MONTH = `(?<month>${MONTHS.join('|')})`;
const SHORT_DAY = `(?<weekday>${SHORT_DAYS.join('|')})`;

/** RFC 9110 section 5.6.7: a recipient accepts all three formats. They are case-sensitive, and always in UTC. */
const HTTP_DATES = [
  // IMF-fixdate: Sun, 06 Nov 1994 08:49:37 GMT
  `${SHORT_DAY}, (?<day>\\d{2}) ${MONTH} (?<year>\\d{4}) ${TIME} GMT`,
  // RFC 850: Sunday, 06-Nov-94 08:49:37 GMT
  `(?<weekday>${DAYS.join('|')}), (?<day>\\d{2})-${MONTH}-(?<shortYear>\\d{2}) ${TIME} GMT`,
  // asctime: Sun Nov  6 08:49:37 1994
  `${SHORT_DAY} ${MONTH} (?<day>\\d{2}| \\d) ${TIME} (?<year>\\d{4})`,
].map((pattern) => new RegExp(`^${pattern}$`));

const FIFTY_YEARS_MS = 50 * 365.25 * 86_400_000;

/**
 * How long a receiver asks Posthorn to wait, in whole milliseconds from `nowMs` (epoch milliseconds), at most 24 hours.
 * `value` is the header Retry-After (RFC 9110 section 10.2.3): seconds, or an HTTP date. Undefined for a value that asks
 * for nothing: invalid, zero, negative, past, or repeated.
 */
export function retryAfterMs(value: string | string[] | undefined, nowMs: number): number | undefined {
  if (typeof value !== 'string') return undefined;
  const text = value.replace(/^[\t ]+|[\t ]+$/g, '');
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : httpDateMs(text, nowMs) - nowMs;
  return ms > 0 ? Math.ceil(Math.min(ms, MAX_RETRY_AFTER_MS)) : undefined;
}

/** Epoch milliseconds; NaN for any other text. Date.parse is no help: to it `120` and `1e1` are dates as well. */
function httpDateMs(text: string, nowMs: number): number {
  for (const pattern of HTTP_DATES) {
    const fields = pattern.exec(text)?.groups;
    if (fields) return dateMs(fields, nowMs);
  }
  return Number.NaN;
}

function dateMs(fields: Record<string, string | undefined>, nowMs: number): number {
  const number = (name: string): number => Number(fields[name]);
  const month = MONTHS.indexOf(fields.month!);
  const at = (year: number): number =>
    utcMs(year, month, number('day'), number('hour'), number('minute'), number('second'));
  const ms =
    fields.shortYear === undefined ? at(number('year')) : nearestCentury(number('shortYear'), at, nowMs);
  return new Date(ms).getUTCDay() === SHORT_DAYS.indexOf(fields.weekday!.slice(0, 3)) ? ms : Number.NaN;
}

/** NaN if there is no such date. Date.UTC would turn 31 February into a day of March. */
function utcMs(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
): number {
  const date = new Date(0);
  date.setUTCFullYear(year, month, day);
  const isReal = date.getUTCMonth() === month && date.getUTCDate() === day;
  // The second 60 is a leap second.
  if (!isReal || hour > 23 || minute > 59 || second > 60) return Number.NaN;
  return date.getTime() + ((hour * 60 + minute) * 60 + second) * 1000;
}

/** A two-digit year that seems to be more than 50 years ahead is the latest past year with these digits. */
function nearestCentury(shortYear: number, at: (year: number) => number, nowMs: number): number {
  const century = Math.floor(new Date(nowMs).getUTCFullYear() / 100) * 100;
  const [earlier, same, later] = [century - 100, century, century + 100].map((base) => at(base + shortYear));
  if (same! - nowMs > FIFTY_YEARS_MS) return earlier!;
  return later! - nowMs <= FIFTY_YEARS_MS ? later! : same!;
}
