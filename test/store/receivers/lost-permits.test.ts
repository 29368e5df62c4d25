import { randomUUID } from 'node:crypto';
import type { DeliveryStep } from '../../../src/policy/delivery-result.ts';
import { serializePolicy } from '../../../src/policy/retry-policy.ts';
import { assignRestricted } from '../../../src/store/deliveries/assignments/assign-restricted.ts';
import { restrictedReceiversAmong } from '../../../src/store/deliveries/assignments/restricted-receivers.ts';
import { claimDeliveries } from '../../../src/store/deliveries/claims/claim-deliveries.ts';
import { resolveUnclaimed } from '../../../src/store/deliveries/claims/resolve-unclaimed.ts';
import { updateEndpoint } from '../../../src/store/endpoints/update-endpoint.ts';
import { inTransaction } from '../../../src/store/postgres/database.ts';
import { endDrains, startDrain } from '../../../src/store/receivers/gates/drain.ts';
import { mostWithin } from '../../set-up/most-within.ts';
import { POLICY, type SeededStore, seedStore } from '../seed.ts';

/*
 * Deliveries are given to workflows while no worker runs; then one comes, and finds all of them at once. Time passes by
 * moving the stored times, so that the load of this machine changes little.
 */

const PER_SECOND = 20;
/** Permits for half a second, and five times for half a second in which another half a second is made up for. */
const BACKLOG = 11 + 5 * 21;
const LIMITS = { maxPerReceiver: 32, drainRate: PER_SECOND, maxDeliveries: 100, grouping: true };

let store: SeededStore;

beforeAll(async () => {
  store = await seedStore();
});
afterAll(() => store.drop());

const setRate = (project: string, endpoint: string) =>
  updateEndpoint(store.pool, { projectId: project, consumer: null }, endpoint, {
    rate: { limit: PER_SECOND, per: 'second' },
  });
const setDrain = (project: string, endpoint: string) =>
  startDrain(store.pool, { receiver: endpoint, projectId: project }, BACKLOG, PER_SECOND);

async function startWorld(restrict: (project: string, endpoint: string) => Promise<unknown>) {
  const { pool } = store;
  const project = await store.newProject();
  const endpoint = await store.newEndpoint({ project });
  await restrict(project, endpoint);
  const { event } = await store.acceptEvent(null, { projectId: project });
  await pool.query('DELETE FROM deliveries WHERE project_id = $1', [project]);
  await pool.query(
    `INSERT INTO deliveries (id, project_id, event_id, endpoint_id, receiver, policy, lane, status, due_at, created_at)
     SELECT $1 || '_' || n, $1, $2, $3, $3, $4, 'restricted', 'pending', now() - interval '1 minute', now()
     FROM generate_series(1, ${BACKLOG}) AS n`,
    [project, event, endpoint, serializePolicy(POLICY)],
  );
  let ahead = 0;
  const starts: number[] = [];
  let workflows: { workflowId: string; deliveries: DeliveryStep[] }[] = [];

  async function pass(ms: number): Promise<void> {
    await inTransaction(pool, async (client) => {
      const values = [endpoint, ms];
      await client.query(
        `UPDATE receiver_gates SET next_start_at = next_start_at - $2 * interval '1 millisecond' WHERE receiver = $1`,
        values,
      );
      await client.query(
        `UPDATE deliveries SET permitted_at = permitted_at - $2 * interval '1 millisecond' WHERE receiver = $1`,
        values,
      );
    });
    ahead += ms;
  }

  /** Gives permits. Returns whether deliveries are left without a workflow. */
  async function visit(): Promise<boolean> {
    const waiting = await restrictedReceiversAmong(pool, [{ receiver: endpoint, projectId: project }]);
    const due = waiting.filter(({ isDue }) => isDue);
    const assignment =
      due.length > 0 && (await assignRestricted(pool, due, { ...LIMITS, uuid: randomUUID() }));
    if (assignment) workflows.push(assignment);
    const left = await restrictedReceiversAmong(pool, [{ receiver: endpoint, projectId: project }]);
    return left.length > 0;
  }

  async function claim(workflowId: string, deliveries: DeliveryStep[]): Promise<void> {
    const claims = await claimDeliveries(pool, workflowId, deliveries);
    starts.push(...claims.map(({ startInMs }) => Date.now() + ahead + (startInMs ?? 0)));
    const claimed = new Set(claims.map(({ id }) => id));
    const left = deliveries.filter(({ id }) => !claimed.has(id));
    if (left.length === 0) return;
    const { claimable } = await resolveUnclaimed(pool, workflowId, left);
    if (claimable.length > 0) await claim(workflowId, claimable);
  }

  return {
    pass,
    visit,
    starts,
    /** A worker takes up all workflows. */
    async work(): Promise<void> {
      const waiting = workflows;
      workflows = [];
      for (const { workflowId, deliveries } of waiting) await claim(workflowId, deliveries);
    },
    async isDraining(): Promise<boolean> {
      await endDrains(pool);
      const { rows } = await pool.query(
        'SELECT FROM receiver_gates WHERE receiver = $1 AND drain_rate IS NOT NULL',
        [endpoint],
      );
      return rows.length === 1;
    },
  };
}

test.each([
  ['a rate', setRate],
  ['a backlog', setDrain],
])(
  'what a receiver with %s was given while no worker ran is sent evenly by the next one',
  async (_, restrict) => {
    const { pass, visit, work, starts, isDraining } = await startWorld(restrict);
    for (let n = 0; n < 20 && (await visit()); n += 1) await pass(2_600);
    // The last permits are late, and were valid for as long as those of a receiver with a request a minute.
    await pass(1_000);
    expect(await isDraining()).toBe(restrict === setDrain);

    for (let n = 0; n < 100 && starts.length < BACKLOG; n += 1) {
      await work();
      await pass(250);
      await visit();
    }
    expect(starts).toHaveLength(BACKLOG);
    // Half a second that was lost, half a second's worth that starts late, and the request at the end of the time.
    expect(mostWithin(starts, 1_000)).toBeLessThanOrEqual(PER_SECOND * 2 + 1);
    expect(mostWithin(starts, 3_000)).toBeLessThanOrEqual(PER_SECOND * 4 + 1);
    expect(await isDraining()).toBe(false);
  },
);
