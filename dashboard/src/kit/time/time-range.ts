export const RANGES = ['1h', '6h', '24h', '7d', '30d'] as const;
export type RangeName = (typeof RANGES)[number];

/** As it follows `the last`. */
export const RANGE_WORDS: Record<RangeName, string> = {
  '1h': 'hour',
  '6h': '6 hours',
  '24h': '24 hours',
  '7d': '7 days',
  '30d': '30 days',
};

/** A range that ends now, or one between two times. It stands in the URL of each screen that has one. */
export type TimeRange = {
  range?: string | undefined;
  since?: string | undefined;
  until?: string | undefined;
};

const MS: Record<RangeName, number> = {
  '1h': 3_600_000,
  '6h': 6 * 3_600_000,
  '24h': 86_400_000,
  '7d': 7 * 86_400_000,
  '30d': 30 * 86_400_000,
};

export const isRangeName = (text: string | null | undefined): text is RangeName =>
  RANGES.includes(text as RangeName);

/** Invalid times of the URL count as absent. */
const validTime = (text: string | undefined): string | undefined =>
  text !== undefined && !Number.isNaN(Date.parse(text)) ? new Date(text).toISOString() : undefined;

/** The bounds for the API. `fallback`: the range of a URL that names none. */
export function boundsOf(
  { range, since, until }: TimeRange,
  fallback: RangeName,
  now: number,
): { since?: string; until?: string } {
  const from = validTime(since);
  const to = validTime(until);
  if (from || to) return { ...(from && { since: from }), ...(to && { until: to }) };
  return { since: new Date(now - MS[isRangeName(range) ? range : fallback]).toISOString() };
}

/** What a link to another screen keeps. */
export function keepRange(search: TimeRange): TimeRange {
  const { range, since, until } = search;
  return { ...(range && { range }), ...(since && { since }), ...(until && { until }) };
}

/** The next longer range, for a list in which nothing fits. */
export function widerRange({ range, since, until }: TimeRange, fallback: RangeName): RangeName | undefined {
  if (since || until) return '30d';
  return RANGES[RANGES.indexOf(isRangeName(range) ? range : fallback) + 1];
}

/** Like `boundsOf`, with both ends: figures need a beginning. */
export function windowOf(range: TimeRange, fallback: RangeName, now: number): { from: string; to: string } {
  const { since, until } = boundsOf(range, fallback, now);
  const to = until ?? new Date(now).toISOString();
  return { from: since ?? new Date(Date.parse(to) - MS[fallback]).toISOString(), to };
}
