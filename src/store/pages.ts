/** `after` holds the sort key of the last item of the page before; null begins at the newest. */
export type PageRequest = { limit: number; after: string[] | null };

/** `next` is the sort key to go on from; null when this was the last page. */
export type Page<T> = { items: T[]; next: string[] | null };

/** Makes a page of rows that were asked for one beyond `limit`: the extra one says that there is more. */
export function pageOf<T>(rows: T[], limit: number, sortKey: (row: T) => string[]): Page<T> {
  if (rows.length <= limit) return { items: rows, next: null };
  const items = rows.slice(0, limit);
  return { items, next: sortKey(items[limit - 1]!) };
}
