export type Item = { id: string };

const idsOf = (rows: Item[]): ReadonlySet<string> => new Set(rows.map(({ id }) => id));

/**
 * The rows that are shown, each as it is now, and older ones that were asked for since. A row that is not in the list any more
 * stays as it was: it has another state now, or more have come since than one page has.
 */
export function keptRows<T extends Item>(shown: T[], now: T[]): T[] {
  const byId = new Map(now.map((row) => [row.id, row]));
  const ids = idsOf(shown);
  const last = now.findLastIndex(({ id }) => ids.has(id));
  return [...shown.map((row) => byId.get(row.id) ?? row), ...(last < 0 ? [] : now.slice(last + 1))];
}

/** How many rows are newer than those that are shown. Both lists begin with the newest. */
export function waitingAmong<T extends Item>(shown: T[], now: T[]): string {
  const ids = idsOf(shown);
  const first = now.findIndex(({ id }) => ids.has(id));
  if (first < 0) return now.length > 0 && shown.length > 0 ? `${now.length}+` : '';
  return first > 0 ? `${first}` : '';
}

export function inOrder<T>(order: string[], items: T[], keyOf: (item: T) => string): T[] {
  const places = new Map(order.map((key, place) => [key, place]));
  const placeOf = (item: T): number => places.get(keyOf(item)) ?? order.length;
  return items.toSorted((a, b) => placeOf(a) - placeOf(b));
}
