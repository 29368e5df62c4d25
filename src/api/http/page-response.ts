import { encodeCursor, type SortKeyKind } from './cursor.ts';
import { json, jsonText, type RouteResponse } from './route.ts';

/** A page of a list; `next` is the sort key to continue after, or null on the last page. */
export const pageResponse = <Item>(
  kind: SortKeyKind,
  items: Item[],
  next: string[] | null,
): RouteResponse<{ items: Item[]; nextCursor: string | null }> =>
  json(200, { items, nextCursor: next && encodeCursor(kind, next) });

/** How far a search has looked. `searchedTo`: all that was created from this time on; null: all there is. */
export type Searched = { searchedTo: Date | null; complete: boolean };

/** A page of a search. */
export const searchResponse = <Item>(
  kind: SortKeyKind,
  items: Item[],
  next: string[] | null,
  searched: Searched,
): RouteResponse<{ items: Item[]; nextCursor: string | null } & Searched> =>
  json(200, { items, nextCursor: next && encodeCursor(kind, next), ...searched });

/** A page of items that are JSON text already. */
export const pageTextResponse = (
  kind: SortKeyKind,
  items: string[],
  next: string[] | null,
  searched?: Searched,
): RouteResponse => {
  const rest = JSON.stringify({ nextCursor: next && encodeCursor(kind, next), ...searched });
  return jsonText(200, `{"items":[${items.join(',')}],${rest.slice(1)}`);
};
