export type Page<T> = {
  items: T[];
  /** The `cursor` of the next page; null on the last. */
  nextCursor: string | null;
};

/** The items of this page and of all after it, each page fetched when it is reached. */
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
