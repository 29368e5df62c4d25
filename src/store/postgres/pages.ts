/** `after` holds the sort key of the last item of the page before; null begins at the newest. */
export type PageRequest = { limit: number; after: string[] | null };

/** `next` is the sort key to go on from; null when this was the last page. */
export type Page<T> = { items: T[]; next: string[] | null };

/**
 * Rows that a list with a filter looks at for one page. A page that has not been filled by then ends there, with the
 * place to go on from: a filter that few rows match would read a project's whole past for it otherwise.
 */
export const MAX_ROWS_SCANNED = 10_000;
/** The same where each row is on another 8 kB page of the table, as those of one consumer or endpoint are. */
export const MAX_SCATTERED_ROWS_SCANNED = 2_500;

/** Makes a page of rows that were asked for one beyond `limit`: the extra one says that there is more. */
export function pageOf<T>(rows: T[], limit: number, sortKey: (row: T) => string[]): Page<T> {
  if (rows.length <= limit) return { items: rows, next: null };
  const items = rows.slice(0, limit);
  return { items, next: sortKey(items[limit - 1]!) };
}

/** SQL: a time as a sort key has it. Postgres has microseconds, a Date has not: a row between two would be passed over. */
export const exactTime = (column: string): string =>
  `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

/** The time of a sort key as Postgres reads it, which knows no February 30 and no hour 24. */
export function parseSortKeyTime(text: string): string {
  const micros = /\.\d{3}(\d{3})Z$/.exec(text)?.[1] ?? '000';
  return new Date(text).toISOString().replace('Z', `${micros}Z`);
}
