import type { DeliveryResult } from '../../../src/policy/delivery-result.ts';
import { serializePolicy } from '../../../src/policy/retry-policy.ts';
import { assignDue } from '../../../src/store/deliveries/assignments/assign-due.ts';
import { type Claim, claimDeliveries } from '../../../src/store/deliveries/claims/claim-deliveries.ts';
import { type ReleasableClaim, releaseClaims } from '../../../src/store/deliveries/claims/release-claims.ts';
import {
  readDeliveryResults,
  resolveUnclaimed,
} from '../../../src/store/deliveries/claims/resolve-unclaimed.ts';
import { releaseLost } from '../../../src/store/deliveries/reconciliation.ts';
import { type AttemptRecord, recordAttempts } from '../../../src/store/deliveries/record-attempts.ts';
import { cancelDelivery, retryDelivery } from '../../../src/store/deliveries/retry-and-cancel.ts';
import { markEndpointDeleted } from '../../../src/store/endpoints/delete-endpoint.ts';
import { POLICY, type SeededStore, seedStore } from '../scale/seed.ts';

let store: SeededStore;
let endpoint: string;

beforeAll(async () => {
  store = await seedStore();
});
beforeEach(async () => {
  await store.pool.query(`UPDATE endpoints SET status = 'deleted'`);
  endpoint = await store.newEndpoint({ url: 'http://receiver.test/hook' });
});
afterAll(() => store.drop());

const inFullDelays = () => 0;

/** Claims as the attempt activity does: what is plain, then what became claimable. */
async function claim(
  owner: string,
  id: string,
  step = 0,
): Promise<{ claims: Claim[]; results: DeliveryResult[] }> {
  const plain = await claimDeliveries(store.pool, owner, [{ id, step }]);
  if (plain.length > 0) return { claims: plain, results: [] };
  const { claimable, results } = await resolveUnclaimed(store.pool, owner, [{ id, step }], inFullDelays);
  return { claims: await claimDeliveries(store.pool, owner, claimable), results };
}

const record = ({ id, epoch }: Claim, changes: Partial<AttemptRecord> = {}) =>
  recordAttempts(store.pool, [
    {
      id,
      epoch,
      startedAt: new Date(),
      durationMs: 5,
      outcome: 'rejected',
      statusCode: 503,
      resent: false,
      requestUrl: null,
      requestHeaders: null,
      responseHeaders: null,
      responseBody: null,
      responseTruncated: false,
      errorCode: null,
      errorMessage: null,
      retryInMs: 60_000,
      ...changes,
    },
  ]);

const born = async (owner: string | null = 'mine', changes = {}): Promise<string> =>
  (await store.acceptEvent(owner, changes)).ids[0]!;

const releasable = (claims: Claim[]): ReleasableClaim[] =>
  claims.map(({ id, epoch }) => ({ id, epoch, lane: 'slow', dueInMs: 1_000 }));

test('mine and due: the claim opens, and carries all that the attempt needs', async () => {
  const id = await born();

  const { claims } = await claim('mine', id);

  expect(claims).toMatchObject([
    {
      id,
      epoch: 1,
      step: 0,
      attempts: 0,
      trigger: 'schedule',
      lane: 'fast',
      endpointId: endpoint,
      type: 'render.completed',
    },
  ]);
  expect(claims[0]).toMatchObject({
    url: 'http://receiver.test/hook',
    headers: null,
    policy: serializePolicy(POLICY),
  });
  expect(await store.deliveryOf(id)).toMatchObject({ epoch: 1, claimed_at: expect.any(Date) });
});

test('mine and already further, because its record was committed: its present step and due time, and no claim', async () => {
  const id = await born();
  await record((await claim('mine', id)).claims[0]!);

  const { claims, results } = await claim('mine', id, 0);

  expect(claims).toEqual([]);
  expect(results).toEqual([
    { id, kind: 'waiting', step: 1, dueInMs: expect.any(Number), lastOutcome: '503' },
  ]);
  const [result] = results;
  expect(result!.kind === 'waiting' && result!.dueInMs).toBeGreaterThan(55_000);
  expect(await readDeliveryResults(store.pool, 'mine', [id])).toMatchObject([{ kind: 'waiting', step: 1 }]);
});

test.each(['delivered', 'undeliverable'] as const)(
  'mine and already %s: that, and no claim',
  async (kind) => {
    const id = await born();
    const changes =
      kind === 'delivered' ? ({ outcome: 'delivered', statusCode: 200 } as const) : { retryInMs: null };
    await record((await claim('mine', id)).claims[0]!, changes);

    expect(await claim('mine', id)).toMatchObject({ claims: [], results: [{ id, kind }] });
    expect(await readDeliveryResults(store.pool, 'mine', [id])).toMatchObject([{ id, kind }]);
  },
);

test("another owner's, and one that nobody knows: released, and nothing of it changes", async () => {
  const id = await born('theirs');
  await claim('theirs', id);
  const before = await store.deliveryOf(id);

  expect(await claim('mine', id)).toEqual({ claims: [], results: [{ id, kind: 'released' }] });
  expect(await claim('mine', 'dlv_none')).toEqual({
    claims: [],
    results: [{ id: 'dlv_none', kind: 'released' }],
  });
  expect(await store.deliveryOf(id)).toEqual(before);
});

test('its endpoint deleted: cancelled there and then', async () => {
  const id = await born();
  await markEndpointDeleted(store.pool, store.project, null, endpoint);

  expect(await claim('mine', id)).toMatchObject({ claims: [], results: [{ id, kind: 'cancelled' }] });
  expect(await store.deliveryOf(id)).toMatchObject({
    status: 'cancelled',
    reason: 'endpoint_deleted',
    attempts: 0,
  });
});

test.each(['paused', 'disabled'])(
  'its endpoint %s: held, and no workflow carries it any more',
  async (status) => {
    const id = await born();
    await store.pool.query('UPDATE endpoints SET status = $2 WHERE id = $1', [endpoint, status]);

    expect(await claim('mine', id)).toEqual({ claims: [], results: [{ id, kind: 'released' }] });
    expect(await store.deliveryOf(id)).toMatchObject({
      status: 'held',
      waiting_for: `endpoint_${status}`,
      owner: null,
      due_at: null,
    });
  },
);

test('an earlier claim that was never recorded: an unknown attempt, and the delivery is sent again at once', async () => {
  const id = await born();
  await claim('mine', id);

  const { claims } = await claim('mine', id);

  expect(claims).toMatchObject([{ id, epoch: 2, step: 0, attempts: 1, trigger: 'rerun' }]);
  expect(await store.attemptsOf(id)).toMatchObject([{ number: 1, epoch: 1, step: 0, outcome: 'unknown' }]);
  expect(await store.deliveryOf(id)).toMatchObject({ status: 'retrying', last_outcome: 'unknown' });
});

test('a claim of which a lost workflow left the attempt open is written off by the next owner', async () => {
  const id = await born();
  await claim('mine', id);
  await store.pool.query(`UPDATE deliveries SET claimed_at = now() - interval '60 days' WHERE id = $1`, [id]);
  await releaseLost(store.pool, 'mine', [id]);
  const next = await assignDue(store.pool, store.project, {
    maxDeliveries: 1,
    minDeliveries: 1,
    grouping: true,
    uuid: 'next',
  });

  const { claims } = await claim(next!.workflowId, id);

  expect(claims).toMatchObject([{ epoch: 2, trigger: 'rerun' }]);
  expect(await store.attemptsOf(id)).toMatchObject([{ outcome: 'unknown' }]);
});

test('after two unknown in a row it travels alone; each further one uses a step; it ends undeliverable', async () => {
  const id = await born();
  await claim('mine', id);
  await claim('mine', id);
  expect(await claim('mine', id)).toEqual({ claims: [], results: [{ id, kind: 'released' }] });
  expect(await store.deliveryOf(id)).toMatchObject({
    lane: 'isolated',
    owner: null,
    step: 0,
    unknown_streak: 2,
  });

  await born(null); // it might have had company
  const grouping = { maxDeliveries: 10, minDeliveries: 1, grouping: true };
  let assignment = await assignDue(store.pool, store.project, { ...grouping, uuid: 'a' });
  if (assignment?.lane !== 'isolated')
    assignment = await assignDue(store.pool, store.project, { ...grouping, uuid: 'b' });
  expect(assignment).toMatchObject({ lane: 'isolated', deliveries: [{ id, step: 0 }] });
  const owner = assignment!.workflowId;

  for (let step = 0; step < 4; step++) {
    expect((await claim(owner, id, step)).claims).toHaveLength(1);
    expect(await claim(owner, id, step)).toMatchObject({
      claims: [],
      results: [
        { id, kind: 'waiting', step: step + 1, dueInMs: POLICY.delays[step]! * 1000, lastOutcome: 'unknown' },
      ],
    });
    await retryDelivery(store.pool, store.project, null, id);
  }
  await claim(owner, id, 4);
  expect(await claim(owner, id, 4)).toMatchObject({
    results: [{ id, kind: 'undeliverable', lastOutcome: 'unknown' }],
  });
  expect(await store.deliveryOf(id)).toMatchObject({
    status: 'undeliverable',
    reason: 'exhausted',
    attempts: 7,
  });
  expect((await store.attemptsOf(id)).map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6, 7]);
});

test('an answer in between ends the row of unknown ones', async () => {
  const id = await born();
  await claim('mine', id);
  await record((await claim('mine', id)).claims[0]!, { retryInMs: 0 });

  await claim('mine', id, 1);
  expect((await claim('mine', id, 1)).claims).toHaveLength(1);
});

test('the outcome of a claim that was written off completes its attempt, and not the delivery', async () => {
  const id = await born();
  const [zombie] = (await claim('mine', id)).claims;
  const [current] = (await claim('mine', id)).claims;

  expect(await record(zombie!, { outcome: 'delivered', statusCode: 200 })).toEqual([]);

  expect(await store.attemptsOf(id)).toMatchObject([{ number: 1, outcome: 'delivered', status_code: 200 }]);
  expect(await store.deliveryOf(id)).toMatchObject({ status: 'retrying', claimed_at: expect.any(Date) });
  expect(await record(current!)).toMatchObject([{ id, epoch: 2, status: 'retrying', attempts: 2 }]);
});

test('cancel during a POST: 2xx is delivered, all else is cancelled', async () => {
  const cancelling = async (changes: Partial<AttemptRecord>) => {
    const id = await born();
    const [open] = (await claim('mine', id)).claims;
    const { result } = await cancelDelivery(store.pool, store.project, null, id);
    expect(result).toEqual({ kind: 'cancelling' });
    await record(open!, changes);
    return store.deliveryOf(id);
  };

  expect(await cancelling({ outcome: 'delivered', statusCode: 200 })).toMatchObject({ status: 'delivered' });
  expect(await cancelling({})).toMatchObject({ status: 'cancelled', reason: 'cancelled', attempts: 1 });
});

test('cancel during an attempt that was lost: unknown, then cancelled, and not sent again', async () => {
  const id = await born();
  await claim('mine', id);
  await cancelDelivery(store.pool, store.project, null, id);

  expect(await claim('mine', id)).toMatchObject({ claims: [], results: [{ id, kind: 'cancelled' }] });
  expect(await store.deliveryOf(id)).toMatchObject({ status: 'cancelled', attempts: 1 });
});

test('a claim that got no connection is given back without a step or an attempt', async () => {
  const id = await born();
  const { claims } = await claim('mine', id);

  const given = await releaseClaims(store.pool, releasable(claims));

  expect(given).toMatchObject([{ id, kind: 'released' }]);
  expect(await store.deliveryOf(id)).toMatchObject({
    owner: null,
    claimed_at: null,
    lane: 'slow',
    step: 0,
    attempts: 0,
  });
  expect(await releaseClaims(store.pool, releasable(claims))).toEqual([]);
});

test('a claim that is given back after a cancel is cancelled without an attempt', async () => {
  const { event, ids } = await store.acceptEvent('mine');
  const { claims } = await claim('mine', ids[0]!);
  await cancelDelivery(store.pool, store.project, null, ids[0]!);

  expect(await releaseClaims(store.pool, releasable(claims))).toMatchObject([
    { id: ids[0], kind: 'cancelled' },
  ]);
  expect(await store.attemptsOf(ids[0]!)).toEqual([]);
  expect(await store.queryOne('SELECT status FROM events WHERE id = $1', [event])).toEqual({
    status: 'cancelled',
  });
});

test('a retry that is brought forward uses its step, and during a POST changes nothing', async () => {
  const id = await born();
  await record((await claim('mine', id)).claims[0]!);

  expect(await retryDelivery(store.pool, store.project, null, id)).toEqual({
    result: { kind: 'rescheduled' },
    signal: { owner: 'mine', ids: [id] },
  });
  const { claims } = await claim('mine', id, 1);
  expect(claims).toMatchObject([{ step: 1, trigger: 'manual' }]);
  expect(await retryDelivery(store.pool, store.project, null, id)).toMatchObject({ signal: null });
  expect(await record(claims[0]!)).toMatchObject([{ step: 2 }]);
});
