import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import type { WaitReason } from '../../../src/policy/waiting.ts';
import { assignDue } from '../../../src/store/deliveries/assignments/assign-due.ts';
import { assignRestricted } from '../../../src/store/deliveries/assignments/assign-restricted.ts';
import { moveOverdue } from '../../../src/store/deliveries/assignments/move-overdue.ts';
import { restrictedReceiversWaiting } from '../../../src/store/deliveries/assignments/restricted-receivers.ts';
import { claimDeliveries } from '../../../src/store/deliveries/claims/claim-deliveries.ts';
import { resolveUnclaimed } from '../../../src/store/deliveries/claims/resolve-unclaimed.ts';
import { type Delivery, findDelivery } from '../../../src/store/deliveries/delivery-reads.ts';
import { recordAttempts } from '../../../src/store/deliveries/recording/record-attempts.ts';
import { resyncHeld } from '../../../src/store/deliveries/resync-held.ts';
import { changeEndpointState } from '../../../src/store/endpoints/endpoint-status.ts';
import { updateEndpoint } from '../../../src/store/endpoints/update-endpoint.ts';
import { inTransaction } from '../../../src/store/postgres/database.ts';
import { closeGates } from '../../../src/store/receivers/gates/close-gates.ts';
import { markHealthy, markSlow } from '../../../src/store/receivers/gates/slow-receivers.ts';
import { attemptRecordOf } from '../attempt-record.ts';
import { type SeededStore, seedStore } from '../seed.ts';

let store: SeededStore;

beforeAll(async () => {
  store = await seedStore();
});
afterAll(() => store.drop());

const LIMITS = { maxPerReceiver: 32, drainRate: 20, maxDeliveries: 100, grouping: true };
const ACTIONS = [
  'set a rate',
  'set a concurrency',
  'remove the limits',
  'pause',
  'resume',
  'disable',
  'enable',
  'become slow',
  'become healthy',
  'be asked to wait',
  'let the wait pass',
  'cool down',
  'fail',
  'let the delay pass',
  'be overdue',
  'assign',
  'claim',
] as const;
type Action = (typeof ACTIONS)[number];

/** One delivery to an endpoint of its own, and what can happen to both. */
async function newWorld(owner: string | null) {
  const { pool } = store;
  const project = await store.newProject();
  const endpoint = await store.newEndpoint({ project });
  const { ids } = await store.acceptEvent(owner, { projectId: project });
  const id = ids[0]!;
  const scope = { projectId: project, consumer: null };
  const target = { receiver: endpoint, projectId: project };

  const read = async (): Promise<Delivery> => (await findDelivery(pool, scope, id))!;
  const row = () =>
    store.queryOne<{ owner: string | null; step: number; epoch: number; claimed: boolean }>(
      'SELECT owner, step, epoch, claimed_at IS NOT NULL AS claimed FROM deliveries WHERE id = $1',
      [id],
    );

  async function assign(): Promise<void> {
    await moveOverdue(pool, project);
    const limits = { ...LIMITS, minDeliveries: 1, uuid: randomUUID() };
    if (await assignDue(pool, project, limits)) return;
    const waiting = await restrictedReceiversWaiting(pool, [{ projectId: project, after: '' }], 1_000);
    const due = waiting.filter(({ receiver, isDue }) => receiver === endpoint && isDue);
    if (due.length > 0) await assignRestricted(pool, due, { ...LIMITS, uuid: randomUUID() });
  }

  /** As the attempt activity does: first the common case, then what became claimable. */
  async function claim(): Promise<void> {
    const { owner: by, step, claimed } = await row();
    if (by === null || claimed) return;
    if ((await claimDeliveries(pool, by, [{ id, step }], { processId: 'prc' })).length > 0) return;
    const { claimable } = await resolveUnclaimed(pool, by, [{ id, step }], () => 0);
    if (claimable.length > 0) await claimDeliveries(pool, by, claimable, { processId: 'prc' });
  }

  async function change(action: 'pause' | 'resume' | 'disable' | 'enable'): Promise<void> {
    const result = await changeEndpointState(pool, scope, endpoint, action);
    if (result.kind !== 'done') return;
    for (let next: string | null = ''; next !== null; )
      ({ next } = await resyncHeld(pool, endpoint, next, 20));
  }

  const close = (waitMs: number | null, probeInMs: number | null) =>
    inTransaction(pool, (client) => closeGates(client, [{ ...target, waitMs, tooManyAt: null, probeInMs }]));

  async function fail(): Promise<void> {
    const { epoch, claimed } = await row();
    if (claimed) await recordAttempts(pool, [attemptRecordOf({ id, epoch })]);
  }

  const due = (at: string) =>
    pool.query(
      `UPDATE deliveries SET due_at = ${at} WHERE id = $1 AND due_at IS NOT NULL AND claimed_at IS NULL`,
      [id],
    );
  const passWait = () =>
    pool.query(
      `UPDATE receiver_gates SET not_before = now() - interval '1 second' WHERE receiver = $1 AND not_before IS NOT NULL`,
      [endpoint],
    );

  const actions: Record<Action, () => Promise<unknown>> = {
    'set a rate': () => updateEndpoint(pool, scope, endpoint, { rate: { limit: 1, per: 'minute' } }),
    'set a concurrency': () => updateEndpoint(pool, scope, endpoint, { concurrency: 1 }),
    'remove the limits': () => updateEndpoint(pool, scope, endpoint, { rate: null, concurrency: null }),
    pause: () => change('pause'),
    resume: () => change('resume'),
    disable: () => change('disable'),
    enable: () => change('enable'),
    'become slow': () => markSlow(pool, endpoint, project, 'slow'),
    'become healthy': () => markHealthy(pool, endpoint, project),
    'be asked to wait': () => close(60_000, null),
    'let the wait pass': passWait,
    'cool down': () => close(null, 30_000),
    fail,
    'let the delay pass': () => due('now()'),
    'be overdue': () => due(`now() - interval '10 minutes'`),
    assign,
    claim,
  };

  return {
    read,
    row,
    act: (action: Action) => actions[action](),
    /** Gives the delivery every chance to be attempted now. */
    async attemptNow(): Promise<boolean> {
      for (let turn = 0; turn < 3 && !(await row()).claimed; turn++) {
        await claim();
        await assign();
        await claim();
      }
      return (await row()).claimed;
    },
    passDelay: () => due('now()'),
    passWait,
  };
}

/** What keeps a delivery from being attempted now, whatever else happens. */
const HOLDS: (WaitReason | null)[] = [
  'schedule',
  'retry_after',
  'endpoint_paused',
  'endpoint_disabled',
  'plan',
];

test('what a delivery waits for is what happens, whatever has happened to its endpoint before', async () => {
  const seen = new Map<string, number>();
  const actions = fc.array(fc.constantFrom(...ACTIONS), { minLength: 1, maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(actions, fc.boolean(), async (history, isAssigned) => {
      const world = await newWorld(isAssigned ? `event/${randomUUID()}` : null);
      for (const action of history) await world.act(action);
      const { waitingFor, waitingUntil, status, nextAttemptAt } = await world.read();
      seen.set(`${waitingFor}`, (seen.get(`${waitingFor}`) ?? 0) + 1);

      if (waitingFor === null) {
        expect((await world.row()).claimed).toBe(true);
        return;
      }
      expect((await world.row()).claimed).toBe(false);
      if (waitingFor === 'schedule') expect(waitingUntil).toEqual(nextAttemptAt);
      if (waitingFor === 'retry_after') expect(waitingUntil!.getTime()).toBeGreaterThan(Date.now());
      if (status === 'held') expect(['endpoint_paused', 'endpoint_disabled', 'engine']).toContain(waitingFor);
      const isAttempted = await world.attemptNow();
      if (HOLDS.includes(waitingFor) || (waitingFor === 'cooldown' && waitingUntil))
        expect(isAttempted).toBe(false);
      if (waitingFor === 'engine') expect(isAttempted).toBe(true);
      if (isAttempted) return;

      // What it waited for has come: it waits for something else, or is attempted.
      if (waitingFor === 'schedule') await world.passDelay();
      if (waitingFor === 'retry_after' || waitingFor === 'cooldown') await world.passWait();
      if (waitingFor.startsWith('endpoint_'))
        await world.act(waitingFor === 'endpoint_paused' ? 'resume' : 'enable');
      const after = await world.read();
      if (waitingFor !== 'rate' && waitingFor !== 'cooldown') expect(after.waitingFor).not.toBe(waitingFor);
    }),
    // Random histories seldom attempt a delivery, so few of them wait for a retry.
    { numRuns: 120, examples: [[['claim', 'fail'], true]] },
  );
  for (const reason of [
    'null',
    'engine',
    'rate',
    'schedule',
    'retry_after',
    'cooldown',
    'endpoint_paused',
    'endpoint_disabled',
  ])
    expect([...seen.keys()]).toContain(reason);
});
