import type { Page, PageRequest, PageRoom } from './pages.ts';

/** A page of a list, how many rows at most were looked at for it, and the room that is left on it if its items may be large. */
export type ScannedPage<T> = Page<T> & { scanned: number; room?: PageRoom };

/** The most that a search looks at for one page: it reads rows that may not match, and whole bodies. */
export const MAX_ROWS_SEARCHED = 20_000;
export const MAX_SEARCH_MS = 1_500;

/** The first statement must be short, whatever the rows are: a hundred bodies of 1 MB take about half a second. */
const FIRST_ROWS = 100;
/** A statement that was faster than this is followed by one of twice as many rows, up to the most for one statement. */
const FAST_MS = 100;
/** A slower one is followed by one of half as many, so that the search ends in time. */
const SLOW_MS = 300;

export type SearchOptions = {
  /** The most rows for one page. */
  maxRows?: number | undefined;
  /** The rows for the first statement. */
  firstRows?: number | undefined;
  /** The most rows for one statement, if those that follow quick ones may be slow: the next bodies may be large. */
  rowsAtOnce?: number | undefined;
  now?: () => number;
};

/**
 * Fills a page by several short statements: until it has `limit` items or no more room, the list ends, `maxRows` rows were looked
 * at (20,000 unless given), or 1.5 s have passed. `next` is null only if the list has ended. `read` looks at most at `maxRows` rows.
 */
export async function searchPage<T>(
  page: PageRequest,
  read: (page: PageRequest, maxRows: number) => Promise<ScannedPage<T>>,
  options: SearchOptions = {},
): Promise<Page<T>> {
  const { maxRows = MAX_ROWS_SEARCHED, rowsAtOnce = maxRows, now = () => performance.now() } = options;
  const startedAt = now();
  const items: T[] = [];
  let { after, room } = page;
  let rows = options.firstRows ?? FIRST_ROWS;
  for (let left = maxRows; ; ) {
    const readAt = now();
    const found = await read({ limit: page.limit - items.length, after, room }, Math.min(rows, left));
    const tookMs = now() - readAt;
    items.push(...found.items);
    left -= found.scanned;
    if (found.next === null) return { items, next: null };
    ({ next: after, room } = found);
    const isFull = items.length >= page.limit || (room !== undefined && isUsedUp(room));
    const isOver = isFull || left <= 0 || now() - startedAt >= MAX_SEARCH_MS;
    if (isOver) return { items, next: after };
    if (tookMs < FAST_MS) rows = Math.min(2 * rows, rowsAtOnce);
    else if (tookMs > SLOW_MS) rows = Math.max(1, Math.floor(rows / 2));
  }
}

const isUsedUp = ({ bytes, deliveries }: PageRoom): boolean => bytes <= 0 || deliveries <= 0;
