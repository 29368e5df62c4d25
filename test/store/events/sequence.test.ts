import type { AcceptResult, EventDraft } from '../../../src/store/events/event-draft.ts';
import { acceptEvents } from '../accept-events.ts';
import { type SeededStore, secretBox, seedStore } from '../seed.ts';

let store: SeededStore;

beforeEach(async () => {
  store = await seedStore();
});
afterEach(() => store.drop());

const accept = async (drafts: EventDraft[], allOrNone = false): Promise<AcceptResult[]> =>
  (await acceptEvents(store.pool, secretBox, drafts, () => null, { allOrNone })).results;

const numbersOf = (results: AcceptResult[]): number[] =>
  results.map((result) => ('event' in result ? result.event.sequence : Number.NaN));

const ascending = (numbers: number[]): number[] => [...numbers].sort((a, b) => a - b);

/** Drafts whose ids sort in the opposite order. */
const drafts = (count: number, changes: Partial<EventDraft> = {}): EventDraft[] =>
  Array.from({ length: count }, (_, n) =>
    store.draft({ id: `evt_${String(count - n).padStart(6, '0')}`, ...changes }),
  );

test('an event that is posted after another was accepted has a higher number, whichever connection stores it', async () => {
  await store.newEndpoint();
  const last: number[] = [];
  const producer = async (): Promise<void> => {
    for (let n = 0; n < 25; n++) {
      const highestBefore = Math.max(0, ...last);
      const [sequence] = numbersOf(await accept([store.draft()]));
      expect(sequence).toBeGreaterThan(highestBefore);
      last.push(sequence!);
    }
  };

  await Promise.all(Array.from({ length: 8 }, producer));

  expect(new Set(last).size).toBe(200);
});

test('events of one transaction are numbered in their order, although they are inserted in the order of their ids', async () => {
  const numbers = numbersOf(await accept(drafts(50)));
  expect(numbers).toEqual(ascending(numbers));
});

test('so are events that do not fit in one statement', async () => {
  const body = Buffer.alloc(100_000, 'x');
  const numbers = numbersOf(await accept(drafts(30, { body, data: body.subarray(0, 10) }), true));
  expect(numbers).toEqual(ascending(numbers));
});

test('the same event posted again keeps its number', async () => {
  const draft = store.draft();
  const [first] = await accept([draft]);
  expect(await accept([draft])).toMatchObject([
    { kind: 'existing', event: { sequence: numbersOf([first!])[0] } },
  ]);
});

test('a body that contains the number is stored with the number of the row', async () => {
  const withSequence = (sequence: number) => {
    const body = Buffer.from(`{"n":${sequence}}`);
    return { body, data: body };
  };
  const results = await accept([store.draft({ withSequence }), store.draft({ withSequence })]);

  const { rows } = await store.pool.query<{ n: number; body: Buffer }>(
    'SELECT sequence::int AS n, body FROM events ORDER BY sequence',
  );
  expect(rows.map(({ body }) => body.toString())).toEqual(rows.map(({ n }) => `{"n":${n}}`));
  expect(numbersOf(results)).toEqual(rows.map(({ n }) => n));
});
