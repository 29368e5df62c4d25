export type Page<T> = {
  items: T[];
  /** The `cursor` of the next page; null on the last page. */
  nextCursor: string | null;
};

/** A page of a list that can be a search, which may end before it has looked at everything. */
export type SearchedPage<T> = Page<T> & {
  /** Of a search: everything created from this time on has been looked at; null if everything has been. */
  searchedTo?: string | null;
  /** Of a search: whether everything has been looked at. */
  complete?: boolean;
};

/** Yields the items of all pages. Fetches a page when the iteration reaches it. */
export async function* iteratePages<T>(
  list: (page: { cursor?: string }) => Promise<Page<T>>,
): AsyncGenerator<T, void> {
  let page = await list({});
  yield* page.items;
  while (page.nextCursor !== null) {
    page = await list({ cursor: page.nextCursor });
    yield* page.items;
  }
}
