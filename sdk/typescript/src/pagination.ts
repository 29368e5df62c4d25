export type Page<T> = {
  items: T[];
  /** The `cursor` of the next page; null on the last page. */
  nextCursor: string | null;
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
