import { listEvents } from '../../../src/store/events/event-lists.ts';
import type { StoredEvent } from '../../../src/store/events/event-reads.ts';
import type { Page } from '../../../src/store/postgres/pages.ts';
import { searchPage } from '../../../src/store/postgres/searches.ts';
import { acceptEvents } from '../accept-events.ts';
import { type SeededStore, secretBox, seedStore } from '../seed.ts';

let store: SeededStore;
beforeEach(async () => {
  store = await seedStore();
});
afterEach(() => store.drop());

const MIB = 1024 * 1024;
const attributes = { region: 'eu' };

/** Searches by two events in each statement, page by page. Returns how many events each page holds. */
async function pagesOfSearch(): Promise<number[]> {
  const scope = { projectId: store.project, consumer: null };
  const pages: number[] = [];
  for (let after: string[] | null = null, more = true; more; ) {
    const page: Page<StoredEvent> = await searchPage(
      { limit: 200, after },
      (request, maxRows) => listEvents(store.pool, scope, { attributes }, request, maxRows),
      { firstRows: 2, rowsAtOnce: 2, now: () => 0 },
    );
    pages.push(page.items.length);
    after = page.next;
    more = after !== null;
  }
  return pages;
}

test('a page of a search holds 8 MiB of events, however many statements read it', async () => {
  for (let n = 0; n < 12; n++)
    await acceptEvents(store.pool, secretBox, [store.draft({ attributes, body: Buffer.alloc(MIB, 'x') })]);

  expect(await pagesOfSearch()).toEqual([8, 4]);
});

test('a page of a search holds events with 10,000 deliveries, and the one that exceeds them', async () => {
  for (let n = 0; n < 5; n++) await acceptEvents(store.pool, secretBox, [store.draft({ attributes })]);
  await store.pool.query('UPDATE events SET delivery_count = 6000');

  expect(await pagesOfSearch()).toEqual([2, 2, 1]);
});
