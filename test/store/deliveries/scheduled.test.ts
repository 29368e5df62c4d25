import { SCHEDULE_OWNER } from '../../../src/policy/owner.ts';
import { assignDue, nextProjectDue } from '../../../src/store/deliveries/assignments/assign-due.ts';
import { wakeScheduled } from '../../../src/store/deliveries/assignments/wake-scheduled.ts';
import { orphanedOwners, overdueOwners } from '../../../src/store/deliveries/reconciliation.ts';
import { deliveriesInFlight } from '../../../src/store/processes/in-flight.ts';
import { useClaims } from './claims-set-up.ts';

const suite = useClaims();
const { claim, record, createDelivery } = suite;

beforeEach(() => suite.store.pool.query('DELETE FROM deliveries'));

/** A delivery whose first attempt has failed, and whose retry is far away. */
async function schedule(retryInMs: number): Promise<string> {
  const id = await createDelivery();
  const { claims } = await claim('mine', id);
  await record(claims[0]!, { retryInMs, nextOwner: SCHEDULE_OWNER });
  return id;
}

const setDue = (id: string, interval: string) =>
  suite.store.pool.query(`UPDATE deliveries SET due_at = now() + $2::interval WHERE id = $1`, [id, interval]);
const wake = () => wakeScheduled(suite.store.pool);

test('a retry that waits in Postgres is neither claimed, nor assigned, nor counted, nor taken for lost', async () => {
  const id = await schedule(10 * 3_600_000);
  expect(await suite.store.deliveryOf(id)).toMatchObject({
    owner: SCHEDULE_OWNER,
    status: 'retrying',
    step: 1,
    attempts: 1,
    workflow_id: 'mine',
  });
  expect(await claim('mine', id, 1)).toMatchObject({
    claims: [],
    results: [{ id, kind: 'released' }],
  });
  await setDue(id, '-10 minutes');
  expect(await nextProjectDue(suite.store.pool, '')).toBeNull();
  expect(await deliveriesInFlight(suite.store.pool)).toEqual([]);
  expect(await overdueOwners(suite.store.pool, 1_000, 10)).toEqual([]);
  expect(await orphanedOwners(suite.store.pool, ['p1'], 10, [])).toEqual([]);
});

test('it is woken when it is due and not before, once, and then assigned at its step', async () => {
  const id = await schedule(3_600_000);
  expect(await wake()).toEqual({ woken: 0, mayBeMore: false });
  await setDue(id, '-1 millisecond');
  const woken = await Promise.all([wake(), wake(), wake()]);
  expect(woken.reduce((sum, one) => sum + one.woken, 0)).toBe(1);
  const assigned = await assignDue(suite.store.pool, suite.store.project, {
    maxDeliveries: 10,
    minDeliveries: 1,
    grouping: true,
    uuid: 'u',
  });
  expect(assigned).toMatchObject({ deliveries: [{ id, step: 1 }] });
});

test('it wakes in the lane of its receiver at that time, and an isolated delivery stays isolated', async () => {
  const [id, isolated] = [await schedule(1_000), await schedule(1_000)];
  await suite.store.pool.query(`UPDATE deliveries SET lane = 'isolated' WHERE id = $1`, [isolated]);
  await suite.store.pool.query(
    `INSERT INTO receiver_gates (receiver, project_id, slow_since, slow_cause)
     SELECT DISTINCT receiver, project_id, now(), 'slow' FROM deliveries WHERE id = ANY ($1::text[]) ON CONFLICT DO NOTHING`,
    [[id, isolated]],
  );
  await setDue(id, '-1 second');
  await setDue(isolated, '-1 second');
  await wake();
  expect(await suite.store.deliveryOf(id)).toMatchObject({ lane: 'restricted', owner: null });
  expect(await suite.store.deliveryOf(isolated)).toMatchObject({ lane: 'isolated', owner: null });
});

test('the search for due retries uses the index that only they are in', async () => {
  const client = await suite.store.pool.connect();
  try {
    await client.query('SET enable_seqscan = off');
    const { rows } = await client.query(
      `EXPLAIN SELECT id FROM deliveries
       WHERE owner = 'schedule' AND indexed_due_at IS NOT NULL AND indexed_due_at <= now() ORDER BY indexed_due_at LIMIT 500`,
    );
    expect(JSON.stringify(rows)).toContain('deliveries_scheduled');
  } finally {
    await client.query('RESET enable_seqscan');
    client.release();
  }
});
