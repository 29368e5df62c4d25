import type { PageRequest } from '../../../src/store/postgres/pages.ts';
import {
  MAX_ROWS_SEARCHED,
  MAX_SEARCH_MS,
  type SearchOptions,
  searchPage,
} from '../../../src/store/postgres/searches.ts';

/** A list of the numbers from 1, of which every `every`th matches. Each row takes `msPerRow` of a clock of its own. */
function staged({ rows, every, msPerRow = 0 }: { rows: number; every: number; msPerRow?: number }) {
  let clock = 0;
  let looked = 0;
  let mostAtOnce = 0;
  const read = async ({ limit, after }: PageRequest, maxRows: number) => {
    const items: number[] = [];
    mostAtOnce = Math.max(mostAtOnce, maxRows);
    let row = Number(after?.[0] ?? 0);
    for (const end = Math.min(rows, row + maxRows); row < end && items.length < limit; ) {
      row += 1;
      looked += 1;
      clock += msPerRow;
      if (row % every === 0) items.push(row);
    }
    return { items, next: row >= rows ? null : [String(row)], scanned: maxRows };
  };
  const search = (limit: number, after: string[] | null = null, options: SearchOptions = {}) =>
    searchPage({ limit, after }, read, { ...options, now: () => clock });
  return { search, looked: () => looked, mostAtOnce: () => mostAtOnce };
}

test('a page that is full ends there, and the next one goes on after it', async () => {
  const { search } = staged({ rows: 10_000, every: 1_000 });
  expect(await search(3)).toEqual({ items: [1_000, 2_000, 3_000], next: ['3000'] });
  expect((await search(3, ['3000'])).items).toEqual([4_000, 5_000, 6_000]);
});

test('a search of what is cheap to look at begins with more rows, and looks at more for a page', async () => {
  const options = { firstRows: 1_000, rowsAtOnce: 10_000, maxRows: 100_000 };
  const { search, looked, mostAtOnce } = staged({ rows: 1_000_000, every: 2_000_000 });
  expect(await search(50, null, options)).toEqual({ items: [], next: ['100000'] });
  expect([looked(), mostAtOnce()]).toEqual([100_000, 10_000]);
});

test('a search that finds nothing looks at 20,000 rows and says where it stopped', async () => {
  const { search, looked } = staged({ rows: 1_000_000, every: 2_000_000 });
  expect(await search(50)).toEqual({ items: [], next: [String(MAX_ROWS_SEARCHED)] });
  expect(looked()).toBe(MAX_ROWS_SEARCHED);
});

test('a search of the whole list ends without a next page', async () => {
  const { search } = staged({ rows: 5_000, every: 5_000 });
  expect(await search(50)).toEqual({ items: [5_000], next: null });
});

test('rows that take long end the search after 1.5 s, and statements become shorter', async () => {
  const { search, looked } = staged({ rows: 1_000_000, every: 2_000_000, msPerRow: 5 });
  const { items, next } = await search(50);
  expect(items).toEqual([]);
  expect(next).toEqual([String(looked())]);
  expect(looked() * 5).toBeLessThan(MAX_SEARCH_MS + 500);
});

test('statements of a search whose rows may be large stay short, however quick the first ones were', async () => {
  const { search, looked, mostAtOnce } = staged({ rows: 1_000_000, every: 2_000_000 });
  await search(50, null, { rowsAtOnce: 400 });
  expect(looked()).toBe(MAX_ROWS_SEARCHED);
  expect(mostAtOnce()).toBe(400);
});

test('a page whose room is used up ends there, and each statement knows what the earlier ones have left', async () => {
  const rooms: unknown[] = [];
  const read = async ({ after, room = { bytes: 10, deliveries: 10 } }: PageRequest) => {
    rooms.push(room);
    const row = Number(after?.[0] ?? 0) + 1;
    const left = { bytes: room.bytes - 4, deliveries: room.deliveries };
    return { items: [row], next: [String(row)], scanned: 1, room: left };
  };

  expect(await searchPage({ limit: 50, after: null }, read)).toEqual({ items: [1, 2, 3], next: ['3'] });
  expect(rooms).toMatchObject([{ bytes: 10 }, { bytes: 6 }, { bytes: 2 }]);
});
