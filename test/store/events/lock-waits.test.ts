import type pg from 'pg';
import { beginAccept } from '../../../src/store/events/accept/accept-events.ts';
import { predictAccept } from '../../../src/store/events/accept/accept-predicted.ts';
import { RememberedMatches } from '../../../src/store/events/accept/remembered-matches.ts';
import type { EventDraft } from '../../../src/store/events/event-draft.ts';
import { createPool, isLockTimeout } from '../../../src/store/postgres/database.ts';
import { holdEventId } from '../hold-event-id.ts';
import { type SeededStore, secretBox, seedStore } from '../seed.ts';

let store: SeededStore;
let pool: pg.Pool;
let remembered: RememberedMatches;
beforeEach(async () => {
  store = await seedStore();
  pool = createPool(store.url, 1);
  remembered = new RememberedMatches();
});
afterEach(async () => {
  await pool.end();
  await store.drop();
});

async function holdEndpoint(id: string): Promise<() => Promise<void>> {
  const client = await store.pool.connect();
  await client.query('BEGIN');
  await client.query('SELECT FROM endpoints WHERE id = $1 FOR UPDATE', [id]);
  return async () => {
    await client.query('ROLLBACK');
    client.release();
  };
}

const inTwoSteps = async (draft: EventDraft, maxLockWaitMs: number): Promise<void> => {
  const { deliveries, store } = await beginAccept(pool, secretBox, [draft], { remembered, maxLockWaitMs });
  await store(deliveries.map(() => null));
};

const asPredicted = async (draft: EventDraft, maxLockWaitMs: number): Promise<void> => {
  const predicted = (await predictAccept(pool, remembered, [draft], null, maxLockWaitMs))!;
  expect(await predicted.store(predicted.deliveries.map(() => null))).not.toBeNull();
};

const ways = { 'a match and an insert': inTwoSteps, 'one statement': asPredicted };

describe.each(Object.entries(ways))('stored by %s', (_, storeBy) => {
  test.each(['its id', 'an endpoint'])(
    'an event gives up its wait for %s, and the next one on the connection waits for as long as it takes',
    async (awaited) => {
      const endpoint = await store.newEndpoint();
      await inTwoSteps(store.draft(), 0);
      const draft = store.draft();
      const hold = () => (awaited === 'its id' ? holdEventId(store, draft.id) : holdEndpoint(endpoint));
      const release = await hold();

      const error = await storeBy(draft, 50).catch((thrown: unknown) => thrown);

      expect(isLockTimeout(error)).toBe(true);
      expect((await pool.query('SHOW lock_timeout')).rows).toEqual([{ lock_timeout: '0' }]);
      await release();
      await storeBy(draft, 50);
      expect(await store.queryOne('SELECT count(*)::int AS n FROM events')).toEqual({ n: 2 });
    },
  );
});
