import { type RetryPolicy, serializePolicy } from '../../../src/policy/retry-policy.ts';
import { MAX_DELIVERIES, maxDeliveriesOf } from '../../../src/policy/workflow-size.ts';
import { assignDue } from '../../../src/store/deliveries/assignments/assign-due.ts';
import { assignRestricted } from '../../../src/store/deliveries/assignments/assign-restricted.ts';
import { acceptEvents } from '../accept-events.ts';
import { type SeededStore, secretBox, seedStore } from '../seed.ts';

const LIMITS = { maxDeliveries: MAX_DELIVERIES, grouping: true };

let store: SeededStore;

beforeAll(async () => {
  store = await seedStore();
});
afterEach(() => store.pool.query('DELETE FROM deliveries'));
afterAll(() => store.drop());

/** Stores more due deliveries to one endpoint than a workflow may carry. */
async function addDue(policy: RetryPolicy): Promise<void> {
  const endpoint = await store.newEndpoint();
  const drafts = Array.from({ length: MAX_DELIVERIES + 1 }, () =>
    store.draft({ endpoint, policy: serializePolicy(policy) }),
  );
  await acceptEvents(store.pool, secretBox, drafts);
}

const policies: RetryPolicy[] = [
  { delays: [], timeout: 15, jitter: 0 },
  { delays: [60], timeout: 15, jitter: 0 },
  { delays: [60, 300, 1800, 7200, 7200], timeout: 15, jitter: 0.2 },
  { delays: [60, 14], timeout: 15, jitter: 0 },
  { delays: [15], timeout: 15, jitter: 0 },
  { delays: Array(10).fill(60), timeout: 15, jitter: 0 },
  { delays: Array(11).fill(60), timeout: 15, jitter: 0 },
  { delays: Array(20).fill(60), timeout: 60, jitter: 1 },
  { delays: Array(20).fill(59), timeout: 60, jitter: 1 },
];

test.each(policies)(
  'a workflow gets as many due deliveries as $delays with a timeout of $timeout s allow',
  async (policy) => {
    const size = maxDeliveriesOf(policy);
    await addDue(policy);

    const { deliveries } = (await assignDue(store.pool, store.project, {
      ...{ ...LIMITS, minDeliveries: MAX_DELIVERIES, uuid: 'fast' },
    }))!;

    expect(deliveries).toHaveLength(size);
  },
);

test.each(policies)(
  'a workflow gets as many slow deliveries as $delays with a timeout of $timeout s allow',
  async (policy) => {
    await addDue(policy);
    await store.pool.query(`UPDATE deliveries SET lane = 'restricted'`);
    const { rows } = await store.pool.query<{ receiver: string }>('SELECT DISTINCT receiver FROM deliveries');
    const receivers = rows.map(({ receiver }) => ({
      receiver,
      projectId: store.project,
      dueForMs: 1_000,
      isDue: true,
      isOverdue: false,
      isOrdered: false,
    }));

    const { deliveries } = (await assignRestricted(store.pool, receivers, {
      ...{ ...LIMITS, maxPerReceiver: 1_000, drainRate: 0, uuid: 'slow' },
    }))!;

    expect(deliveries).toHaveLength(maxDeliveriesOf(policy));
  },
);
