import { encodeCursor, type SortKeyKind } from './cursor.ts';
import { json, jsonText, type RouteResponse } from './route.ts';

/** A page of a list; `next` is the sort key to continue after, or null on the last page. */
export const pageResponse = <Item>(
  kind: SortKeyKind,
  items: Item[],
  next: string[] | null,
): RouteResponse<{ items: Item[]; nextCursor: string | null }> =>
  json(200, { items, nextCursor: next && encodeCursor(kind, next) });

/** The same for items that are JSON text already. */
export const pageTextResponse = (
  kind: SortKeyKind,
  items: string[],
  next: string[] | null,
): RouteResponse => {
  const nextCursor = JSON.stringify(next && encodeCursor(kind, next));
  return jsonText(200, `{"items":[${items.join(',')}],"nextCursor":${nextCursor}}`);
};
