import pg from 'pg';
import { assignRestricted } from '../../../src/store/deliveries/assignments/assign-restricted.ts';
import type { RestrictedReceiver } from '../../../src/store/deliveries/assignments/restricted-receivers.ts';
import { type SeededStore, seedStore } from '../seed.ts';

let store: SeededStore;

beforeEach(async () => {
  store = await seedStore();
});
afterEach(() => store.drop());

/** Receivers that were left alone for ten minutes, each with `backlog` deliveries. */
async function leftAlone(count: number, backlog: number): Promise<RestrictedReceiver[]> {
  const receivers: RestrictedReceiver[] = [];
  for (let n = 0; n < count; n += 1) {
    const project = await store.newProject();
    const receiver = await store.newEndpoint({ project });
    for (let i = 0; i < backlog; i += 1) await store.acceptEvent(null, { projectId: project });
    receivers.push({
      receiver,
      projectId: project,
      dueForMs: 600_000,
      isDue: true,
      isOverdue: true,
      isOrdered: false,
    });
  }
  await store.pool.query(`UPDATE deliveries SET lane = 'restricted', due_at = now() - interval '10 minutes'`);
  return receivers;
}

const LIMITS = { maxPerReceiver: 10, drainRate: 2, maxDeliveries: 100, grouping: true, uuid: 'one' };

async function statementsOf(work: () => Promise<unknown>): Promise<number> {
  const { query } = pg.Client.prototype;
  let count = 0;
  pg.Client.prototype.query = function counted(this: pg.Client, ...values: unknown[]) {
    count += 1;
    return Reflect.apply(query, this, values);
  } as typeof query;
  try {
    await work();
  } finally {
    pg.Client.prototype.query = query;
  }
  return count;
}

test('as many statements assign for thirty receivers that were left alone as for three', async () => {
  const receivers = await leftAlone(30, 1);
  const few = await statementsOf(() => assignRestricted(store.pool, receivers.slice(0, 3), LIMITS));
  const many = await statementsOf(() =>
    assignRestricted(store.pool, receivers.slice(3), { ...LIMITS, uuid: 'two' }),
  );
  expect(many).toBe(few);
});

test('only those with more than a second of backlog are drained', async () => {
  const [small] = await leftAlone(1, 2);
  const [large] = await leftAlone(1, 3);
  await assignRestricted(store.pool, [small!, large!], LIMITS);
  const { rows } = await store.pool.query('SELECT receiver, drain_rate AS rate FROM receiver_gates');
  expect(rows).toEqual([{ receiver: large!.receiver, rate: 2 }]);
});
