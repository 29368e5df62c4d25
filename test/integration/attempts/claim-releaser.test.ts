import { createClaimReleaser } from '../../../src/attempts/claim-releaser.ts';
import { claimDeliveries } from '../../../src/store/deliveries/claims/claim-deliveries.ts';
import { eventually } from '../../set-up/eventually.ts';
import { type SeededStore, secretBox, seedStore } from '../../store/scale/seed.ts';
import { deadlineIn, startTestEngine } from './attempt-engine-set-up.ts';

let store: SeededStore;

beforeEach(async () => {
  store = await seedStore();
});
afterEach(() => store.drop());

async function holdLockOf(id: string): Promise<() => Promise<void>> {
  const client = await store.pool.connect();
  await client.query('BEGIN');
  await client.query('SELECT FROM deliveries WHERE id = $1 FOR UPDATE', [id]);
  return async () => {
    await client.query('ROLLBACK');
    client.release();
  };
}

test('a claim for which nothing was sent is released although nobody waits for it any more, and is never unknown', async () => {
  await store.newEndpoint();
  const { ids } = await store.acceptEvent('mine');
  const [claim] = await claimDeliveries(store.pool, 'mine', [{ id: ids[0]!, step: 0 }], 'prc_engine');
  const releaser = createClaimReleaser({ pool: store.pool, onFailure: () => {} });
  const engine = startTestEngine(store.pool, secretBox, { processId: 'prc_engine', releaser });
  await store.pool.query(
    `INSERT INTO processes (id, role, host, pid, backend_pid) VALUES ('prc_engine', 'worker', 'here', 1, 1)`,
  );
  const unlock = await holdLockOf(ids[0]!);

  const { id, epoch } = claim!;
  expect(await releaser.release({ id, epoch, lane: 'fast', dueInMs: 0 }, deadlineIn(100))).toBeNull();
  // The workflow comes again, here.
  const again = engine.run([{ id, step: 0 }], 'mine', deadlineIn(5_000));
  await unlock();

  expect((await again).results).toMatchObject([{ id }]);
  await eventually(async () => (await store.deliveryOf(id)).owner === null);
  expect(await store.attemptsOf(id)).toEqual([]);
  expect(releaser.isPending(id)).toBe(false);
  await engine.close();
});
