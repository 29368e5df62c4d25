import { acquireLease, releaseLease } from '../../../src/store/processes/leases.ts';
import { eventually } from '../../set-up/eventually.ts';
import { type SeededStore, seedStore } from '../seed.ts';

const LASTS_MS = 60_000;

let store: SeededStore;

beforeAll(async () => {
  store = await seedStore();
});
beforeEach(() => store.pool.query('DELETE FROM leases'));
afterAll(() => store.drop());

const take = (holder: string, lastsMs = LASTS_MS) => acquireLease(store.pool, 'reconciler', holder, lastsMs);

test('of many concurrent callers one acquires the lease, and keeps it', async () => {
  const holders = Array.from({ length: 20 }, (_, n) => `prc_${n}`);

  const taken = await Promise.all(holders.map((holder) => take(holder)));

  expect(taken.filter(Boolean)).toHaveLength(1);
  const holder = holders[taken.indexOf(true)]!;
  expect(await take(holder)).toBe(true);
  expect(await take('another')).toBe(false);
});

test('a released or expired lease can be acquired; only its holder can release it', async () => {
  await take('one');
  await releaseLease(store.pool, 'reconciler', 'another');
  expect(await take('another')).toBe(false);

  await releaseLease(store.pool, 'reconciler', 'one');
  expect(await take('another', 200)).toBe(true);

  await eventually(() => take('one'));
});

test('a lease that was acquired before the clock was set back does not last longer', async () => {
  await take('one');
  await store.pool.query(`UPDATE leases SET expires_at = now() + interval '1 hour'`);

  expect(await take('another')).toBe(true);
});
