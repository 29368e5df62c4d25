import { removeOutdatedFirstAttempts } from '../../../src/store/deliveries/assigned-deliveries.ts';
import { assignDue } from '../../../src/store/deliveries/assignments/assign-due.ts';
import { releaseUnstarted } from '../../../src/store/deliveries/assignments/assignment.ts';
import { claimDeliveries } from '../../../src/store/deliveries/claims/claim-deliveries.ts';
import { overdueOwners } from '../../../src/store/deliveries/reconciliation.ts';
import { recordAttempts } from '../../../src/store/deliveries/recording/record-attempts.ts';
import { createPool } from '../../../src/store/postgres/database.ts';
import { deliveriesInFlight } from '../../../src/store/processes/in-flight.ts';
import { attemptRecordOf } from '../attempt-record.ts';
import { type SeededStore, seedStore } from '../seed.ts';

const OWNER = 'event/1';

let store: SeededStore;
beforeEach(async () => {
  store = await seedStore();
  await store.newEndpoint();
});
afterEach(() => store.drop());

const listed = async (): Promise<string[]> =>
  (await store.pool.query('SELECT delivery_id FROM assigned_first_attempts')).rows.map(
    (row) => row.delivery_id,
  );

const inFlight = async (): Promise<number> =>
  (await deliveriesInFlight(store.pool)).reduce((sum, of) => sum + of.firstAttempts + of.otherAttempts, 0);

const assign = (uuid: string) =>
  assignDue(store.pool, store.project, { maxDeliveries: 10, minDeliveries: 1, grouping: true, uuid });

test('recording a delivered first attempt writes no index entry', async () => {
  const { ids } = await store.acceptEvent(OWNER);
  const claims = await claimDeliveries(store.pool, OWNER, [{ id: ids[0]!, step: 0 }]);
  // One connection, whose statistics are written before they are read.
  const connection = createPool(store.url, 1);
  await recordAttempts(connection, [attemptRecordOf(claims[0]!, { outcome: 'delivered', retryInMs: null })]);
  await connection.query('SELECT pg_stat_force_next_flush()');
  const { rows } = await connection.query(
    `SELECT relname AS name, n_tup_upd > 0 AS updated, (n_tup_upd - n_tup_hot_upd)::int AS not_hot FROM pg_stat_user_tables
     WHERE relname IN ('deliveries', 'events') ORDER BY 1`,
  );
  await connection.end();

  expect(rows).toEqual([
    { name: 'deliveries', updated: true, not_hot: 0 },
    { name: 'events', updated: true, not_hot: 0 },
  ]);
  expect(await listed()).toEqual([]);
});

test('a first attempt is in flight from its assignment to its record', async () => {
  const { ids } = await store.acceptEvent(null);
  expect([await inFlight(), await listed()]).toEqual([0, []]);

  const assigned = await assign('a');
  expect([await inFlight(), await listed()]).toEqual([1, ids]);

  const claims = await claimDeliveries(store.pool, assigned!.workflowId, [{ id: ids[0]!, step: 0 }]);
  expect(await inFlight()).toBe(1);

  await recordAttempts(store.pool, [attemptRecordOf(claims[0]!, { retryInMs: 0 })]);
  expect([await inFlight(), await listed()]).toEqual([1, []]);
});

test('a first attempt that was released and assigned again stays listed', async () => {
  const { ids } = await store.acceptEvent(OWNER);
  await releaseUnstarted(store.pool, OWNER, ids);
  expect([await inFlight(), await listed()]).toEqual([0, ids]);

  const assigned = await assign('a');
  expect(await removeOutdatedFirstAttempts(store.pool)).toBe(0);

  expect(await overdueOwners(store.pool, 0, 10)).toEqual([{ owner: assigned!.workflowId, ids }]);
});

test('what was released or removed is unlisted, and listed again with its next assignment', async () => {
  const released = await store.acceptEvent(OWNER);
  const kept = await store.acceptEvent('event/2');
  const removed = await store.acceptEvent('event/3');
  await store.pool.query('DELETE FROM deliveries WHERE id = $1', removed.ids);
  await releaseUnstarted(store.pool, OWNER, released.ids);

  expect(await removeOutdatedFirstAttempts(store.pool)).toBe(2);
  expect(await listed()).toEqual(kept.ids);

  await assign('a');
  expect((await listed()).sort()).toEqual([...released.ids, ...kept.ids].sort());
});

test('what is being assigned stays listed', async () => {
  const { ids } = await store.acceptEvent(OWNER);
  await releaseUnstarted(store.pool, OWNER, ids);
  const client = await store.pool.connect();
  try {
    await client.query('BEGIN');
    await assignDue(client, store.project, {
      maxDeliveries: 10,
      minDeliveries: 1,
      grouping: true,
      uuid: 'a',
    });
    expect(await removeOutdatedFirstAttempts(store.pool)).toBe(0);
    await client.query('COMMIT');
  } finally {
    client.release();
  }
  expect(await listed()).toEqual(ids);
  expect(await inFlight()).toBe(1);
});
