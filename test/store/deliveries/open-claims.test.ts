import type { DeliveryResult } from '../../../src/policy/delivery-result.ts';
import { assignDue } from '../../../src/store/deliveries/assignments/assign-due.ts';
import { type Claim, claimDeliveries } from '../../../src/store/deliveries/claims/claim-deliveries.ts';
import {
  resolveUnclaimed,
  type UnclaimedResult,
} from '../../../src/store/deliveries/claims/resolve-unclaimed.ts';
import { releaseLost } from '../../../src/store/deliveries/reconciliation.ts';
import { recordAttempts } from '../../../src/store/deliveries/recording/record-attempts.ts';
import { cancelDelivery } from '../../../src/store/deliveries/retry-and-cancel.ts';
import { recordHeartbeat } from '../../../src/store/processes/processes.ts';
import { attemptRecordOf } from '../attempt-record.ts';
import { POLICY, type SeededStore, seedStore } from '../seed.ts';

let store: SeededStore;
let id: string;

beforeEach(async () => {
  store = await seedStore();
  await store.newEndpoint();
  [id] = (await store.acceptEvent('mine')).ids as [string];
  await recordHeartbeat(store.pool, { id: 'alive', role: 'worker', host: 'there', pid: 7 });
});
afterEach(() => store.drop());

const claimBy = async (processId: string, owner = 'mine'): Promise<Claim> =>
  (await claimDeliveries(store.pool, owner, [{ id, step: 0 }], { processId }))[0]!;

const resolveBy = (processId: string, owner = 'mine', inFlight: string[] = []): Promise<UnclaimedResult> =>
  resolveUnclaimed(store.pool, owner, [{ id, step: 0 }], () => 0, {
    processId,
    isInFlight: (claim) => inFlight.includes(claim.id),
  });

const recordDelivered = (claim: Claim) =>
  recordAttempts(store.pool, [attemptRecordOf(claim, { outcome: 'delivered', statusCode: 200 })]).then(
    ({ transitions }) => transitions,
  );

const waiting: DeliveryResult[] = [
  { id: expect.any(String), kind: 'waiting', step: 0, dueInMs: 3_000, lastOutcome: 'open claim' },
];
const age = (seconds: number) =>
  store.pool.query(`UPDATE deliveries SET claimed_at = now() - $1 * interval '1 second'`, [seconds]);

test('an open claim of a live process is waited for, and its record counts', async () => {
  const claim = await claimBy('alive');

  expect(await resolveBy('other')).toMatchObject({ results: waiting, claimable: [], unknown: { count: 0 } });
  await recordDelivered(claim);

  expect(await resolveBy('other')).toMatchObject({
    results: [{ id, kind: 'delivered' }],
    unknown: { count: 0 },
  });
  expect(await store.attemptsOf(id)).toMatchObject([{ number: 1, outcome: 'delivered' }]);
});

test('a cancel also waits for an open claim, whose outcome decides', async () => {
  const claim = await claimBy('alive');
  await cancelDelivery(store.pool, store.project, null, id);

  expect(await resolveBy('other')).toMatchObject({ results: waiting });
  await recordDelivered(claim);

  expect(await store.deliveryOf(id)).toMatchObject({ status: 'delivered' });
});

test.each(['that has no row', 'that was found lost'])('a claim of a process %s is unknown', async (which) => {
  await claimBy('killed');
  if (which === 'that was found lost') {
    await recordHeartbeat(store.pool, { id: 'killed', role: 'worker', host: 'there', pid: 8 });
    await store.pool.query(`UPDATE processes SET lost_at = now() WHERE id = 'killed'`);
  }

  expect(await resolveBy('alive')).toMatchObject({
    results: [],
    claimable: [{ id, step: 0 }],
    unknown: { count: 1, wedged: [] },
  });
  expect(await store.attemptsOf(id)).toMatchObject([{ number: 1, outcome: 'unknown' }]);
});

test('a claim that its own process no longer works on is unknown, and one that is in flight is not', async () => {
  await claimBy('alive');

  expect(await resolveBy('alive', 'mine', [id])).toMatchObject({ results: waiting });
  expect(await resolveBy('alive')).toMatchObject({ claimable: [{ id }], unknown: { count: 1, wedged: [] } });
});

/** Sets since when `alive` has reached Postgres without a break. */
const reachedPostgresFor = (seconds: number) =>
  store.pool.query(
    `UPDATE processes SET heartbeats_continuous_since = now() - $1 * interval '1 second' WHERE id = 'alive'`,
    [seconds],
  );

test('a claim that is older than an attempt can be becomes unknown and is reported, although its process is alive', async () => {
  await claimBy('alive');
  await reachedPostgresFor(3_600);
  await age(POLICY.timeout + 14);
  expect(await resolveBy('other')).toMatchObject({ results: waiting });

  await age(POLICY.timeout + 16);

  expect(await resolveBy('other')).toMatchObject({
    claimable: [{ id }],
    unknown: { count: 1, wedged: [{ id, processId: 'alive', claimAgeMs: expect.any(Number) }] },
  });
});

test('a claim older than that is waited for while its process can record it again after an outage', async () => {
  await claimBy('alive');
  await age(3_600);
  await reachedPostgresFor(POLICY.timeout + 14);
  expect(await resolveBy('other')).toMatchObject({ results: waiting });

  await reachedPostgresFor(POLICY.timeout + 16);

  expect(await resolveBy('other')).toMatchObject({ claimable: [{ id }], unknown: { count: 1 } });
});

test('the next owner waits for an attempt that outlives its workflow, and the attempt is recorded', async () => {
  const claim = await claimBy('alive');
  await releaseLost(store.pool, 'mine', [id]);
  const next = await assignDue(store.pool, store.project, {
    maxDeliveries: 1,
    minDeliveries: 1,
    grouping: true,
    uuid: 'next',
  });
  const owner = next!.workflowId;
  expect(await resolveBy('other', owner)).toMatchObject({ results: waiting });

  expect(await recordDelivered(claim)).toMatchObject([{ id, epoch: claim.epoch, status: 'delivered' }]);

  expect(await resolveBy('other', owner)).toMatchObject({ results: [{ id, kind: 'delivered' }] });
  expect(await store.attemptsOf(id)).toMatchObject([{ number: 1, outcome: 'delivered' }]);
});
