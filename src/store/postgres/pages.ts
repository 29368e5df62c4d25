/**
 * `after` is the sort key of the last item of the previous page; null starts at the newest item. `room`: what a page whose
 * items may be large still holds, if a part of it was read before.
 */
export type PageRequest = { limit: number; after: string[] | null; room?: PageRoom | undefined };

/** How much more a page holds. It is full when one of these is used up, and its last item may exceed them. */
export type PageRoom = { bytes: number; deliveries: number };

/** `next` is the sort key to continue after; null on the last page. */
export type Page<T> = { items: T[]; next: string[] | null };

/**
 * The most rows that a filtered list scans for one page. A page that is not full by then ends there and has a next page;
 * otherwise a filter that matches few rows would read a project's whole history.
 */
export const MAX_ROWS_SCANNED = 10_000;
/** The same for rows that are spread over many 8 kB pages of the table, such as those of one consumer or endpoint. */
export const MAX_SCATTERED_ROWS_SCANNED = 2_500;

/** Makes a page of rows that were queried with a limit of `limit` + 1. The extra row shows that there is a next page. */
export function pageOf<T>(rows: T[], limit: number, sortKey: (row: T) => string[]): Page<T> {
  if (rows.length <= limit) return { items: rows, next: null };
  const items = rows.slice(0, limit);
  return { items, next: sortKey(items[limit - 1]!) };
}

/**
 * SQL: a part of WITH that gives the parameters of a statement their types, so that it need not use each of them: lists test
 * only the filters of their call. Nothing reads it, so Postgres does not execute it.
 */
export const withParameters = (types: string[]): string =>
  `parameters AS (SELECT ${types.map((type, index) => `$${index + 1}::${type}`).join(', ')})`;

/** SQL: the conditions of the filters that are set. */
export const allOf = (conditions: (string | false)[]): string =>
  ['true', ...conditions.filter((condition) => condition !== false)].join(' AND ');

/** SQL: a time as text for a sort key, in microseconds. With the milliseconds of a Date, rows could be skipped. */
export const exactTime = (column: string): string =>
  `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

/** Normalizes the time of a sort key for Postgres, which rejects February 30 and hour 24. Throws if it is no time. */
export function parseSortKeyTime(text: string): string {
  const micros = /\.\d{3}(\d{3})Z$/.exec(text)?.[1] ?? '000';
  return new Date(text).toISOString().replace('Z', `${micros}Z`);
}
