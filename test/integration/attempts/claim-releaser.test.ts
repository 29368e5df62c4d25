import { createClaimReleaser } from '../../../src/attempts/claim-releaser.ts';
import { claimDeliveries } from '../../../src/store/deliveries/claims/claim-deliveries.ts';
import { eventually } from '../../set-up/eventually.ts';
import { type SeededStore, secretBox, seedStore } from '../../store/seed.ts';
import { deadlineIn, lockDelivery, startTestEngine } from './attempt-engine-set-up.ts';

let store: SeededStore;

beforeEach(async () => {
  store = await seedStore();
});
afterEach(() => store.drop());

test('a claim for which nothing was sent is released even after its caller gave up, and never becomes unknown', async () => {
  await store.newEndpoint();
  const { ids } = await store.acceptEvent('mine');
  const [claim] = await claimDeliveries(store.pool, 'mine', [{ id: ids[0]!, step: 0 }], {
    processId: 'prc_engine',
  });
  const releaser = createClaimReleaser({ pool: store.pool, onFailure: () => {} });
  const engine = startTestEngine(store.pool, secretBox, { processId: 'prc_engine', releaser });
  await store.pool.query(
    `INSERT INTO processes (id, role, host, pid, backend_pid) VALUES ('prc_engine', 'worker', 'here', 1, 1)`,
  );
  const unlock = await lockDelivery(store.pool, ids[0]!);

  const { id, epoch } = claim!;
  expect(await releaser.release({ id, epoch, lane: 'fast', dueInMs: 0 }, deadlineIn(100))).toBeNull();
  // The workflow attempts the delivery again, in the same process.
  const again = engine.run([{ id, step: 0 }], 'mine', deadlineIn(5_000));
  await unlock();

  expect((await again).results).toMatchObject([{ id }]);
  await eventually(async () => (await store.deliveryOf(id)).owner === null);
  expect(await store.attemptsOf(id)).toEqual([]);
  expect(releaser.isPending(id)).toBe(false);
  await engine.close();
});
