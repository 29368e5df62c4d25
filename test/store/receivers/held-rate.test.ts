import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { MAX_LOST_MS, PERMIT_AHEAD_MS } from '../../../src/policy/pacing.ts';
import { serializePolicy } from '../../../src/policy/retry-policy.ts';
import { assignRestricted } from '../../../src/store/deliveries/assignments/assign-restricted.ts';
import { restrictedReceiversAmong } from '../../../src/store/deliveries/assignments/restricted-receivers.ts';
import { updateEndpoint } from '../../../src/store/endpoints/update-endpoint.ts';
import { mostWithin } from '../../set-up/most-within.ts';
import { POLICY, type SeededStore, seedStore } from '../seed.ts';

/*
 * The rate over ten seconds, as its permits say. Time passes by moving the times of the gate, so that the load of this machine
 * changes little.
 */

const PER_SECOND = 20;
const WINDOW_MS = 10_000;
const BACKLOG = 320;

let store: SeededStore;

beforeAll(async () => {
  store = await seedStore();
});
afterAll(() => store.drop());

const LIMITS = { maxPerReceiver: 32, drainRate: 20, maxDeliveries: 100, grouping: true };

async function startWorld() {
  const { pool } = store;
  const project = await store.newProject();
  const endpoint = await store.newEndpoint({ project });
  let ahead = 0;
  const time = {
    now: () => Date.now() + ahead,
    async pass(ms: number): Promise<void> {
      await pool.query(
        `UPDATE receiver_gates SET next_start_at = next_start_at - $2 * interval '1 millisecond' WHERE receiver = $1`,
        [endpoint, ms],
      );
      ahead += ms;
    },
  };
  await updateEndpoint(pool, { projectId: project, consumer: null }, endpoint, {
    rate: { limit: PER_SECOND, per: 'second' },
  });
  const { event } = await store.acceptEvent(null, { projectId: project });
  await pool.query(
    `INSERT INTO deliveries (id, project_id, event_id, endpoint_id, receiver, policy, lane, status, due_at, created_at)
     SELECT $1 || '_' || n, $1, $2, $3, $3, $4, 'restricted', 'pending', now() - interval '1 minute', now()
     FROM generate_series(1, ${BACKLOG}) AS n`,
    [project, event, endpoint, serializePolicy(POLICY)],
  );
  const starts: number[] = [];

  /** A process gives permits, and a worker claims what it was given, in time however slow this machine is. */
  async function visit(): Promise<void> {
    const waiting = await restrictedReceiversAmong(pool, [{ receiver: endpoint, projectId: project }]);
    const due = waiting.filter(({ isDue }) => isDue);
    const assignment =
      due.length > 0 && (await assignRestricted(pool, due, { ...LIMITS, uuid: randomUUID() }));
    if (!assignment) return;
    const { rows } = await pool.query<{ permittedAt: Date }>(
      'UPDATE deliveries SET claimed_at = permitted_at WHERE id = ANY ($1) RETURNING permitted_at AS "permittedAt"',
      [assignment.deliveries.map(({ id }) => id)],
    );
    starts.push(...rows.map(({ permittedAt }) => permittedAt.getTime() + ahead));
  }
  return { visit, time, starts };
}

test('two processes that visit an endpoint late now and then give it its rate within 10 % over ten seconds', async () => {
  const pauses = fc.array(
    fc.oneof(
      { weight: 4, arbitrary: fc.integer({ min: 20, max: 300 }) },
      { weight: 1, arbitrary: fc.integer({ min: 300, max: PERMIT_AHEAD_MS + MAX_LOST_MS / 2 }) },
    ),
    { minLength: 40, maxLength: 40 },
  );
  await fc.assert(
    fc.asyncProperty(pauses, async (steps) => {
      const { visit, time, starts } = await startWorld();
      await visit();
      const startedAt = time.now();
      for (const pauseMs of steps) {
        if (time.now() - startedAt > WINDOW_MS + 2_000) break;
        await time.pass(pauseMs);
        await Promise.all([visit(), visit()]);
      }
      // What is lost last is made up for when the endpoint is visited in time again.
      for (let n = 0; n < 10; n += 1) {
        await time.pass(200);
        await visit();
      }
      const elapsedMs = time.now() - startedAt + PERMIT_AHEAD_MS;
      expect(mostWithin(starts, WINDOW_MS)).toBeLessThanOrEqual(PER_SECOND * (WINDOW_MS / 1_000) * 1.1);
      expect(starts.length).toBeGreaterThanOrEqual(
        (Math.min(elapsedMs, (BACKLOG / PER_SECOND) * 1_000) / 1_000) * PER_SECOND * 0.9,
      );
    }),
    { numRuns: 2, endOnFailure: true },
  );
});
