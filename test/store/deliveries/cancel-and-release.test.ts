import type { Claim } from '../../../src/store/deliveries/claims/claim-deliveries.ts';
import { type ReleasableClaim, releaseClaims } from '../../../src/store/deliveries/claims/release-claims.ts';
import type { AttemptRecord } from '../../../src/store/deliveries/recording/attempt-record.ts';
import { cancelDelivery, retryDelivery } from '../../../src/store/deliveries/retry-and-cancel.ts';
import { useClaims } from './claims-set-up.ts';

const suite = useClaims();
const { claim, record, createDelivery } = suite;

const releasable = (claims: Claim[]): ReleasableClaim[] =>
  claims.map(({ id, epoch }) => ({ id, epoch, lane: 'restricted', dueInMs: 1_000 }));

test('a cancel during an attempt takes effect unless the attempt succeeds', async () => {
  const cancelling = async (changes: Partial<AttemptRecord>) => {
    const id = await createDelivery();
    const [open] = (await claim('mine', id)).claims;
    const { result } = await cancelDelivery(suite.store.pool, suite.store.project, null, id);
    expect(result).toEqual({ kind: 'cancelling' });
    await record(open!, changes);
    return suite.store.deliveryOf(id);
  };

  expect(await cancelling({ outcome: 'delivered', statusCode: 200 })).toMatchObject({ status: 'delivered' });
  expect(await cancelling({})).toMatchObject({ status: 'cancelled', reason: 'cancelled', attempts: 1 });
});

test('a cancel during an attempt that is lost cancels the delivery, which is not attempted again', async () => {
  const id = await createDelivery();
  await claim('mine', id);
  await cancelDelivery(suite.store.pool, suite.store.project, null, id);

  expect(await claim('mine', id)).toMatchObject({ claims: [], results: [{ id, kind: 'cancelled' }] });
  expect(await suite.store.deliveryOf(id)).toMatchObject({ status: 'cancelled', attempts: 1 });
});

test('a claim that got no connection is released without using a step or an attempt', async () => {
  const id = await createDelivery();
  const { claims } = await claim('mine', id);

  const released = await releaseClaims(suite.store.pool, releasable(claims));

  expect(released).toMatchObject([{ id, kind: 'released' }]);
  expect(await suite.store.deliveryOf(id)).toMatchObject({
    owner: null,
    claimed_at: null,
    lane: 'restricted',
    step: 0,
    attempts: 0,
  });
  expect(await releaseClaims(suite.store.pool, releasable(claims))).toEqual([]);
});

test('releasing a claim after a cancel cancels the delivery without an attempt', async () => {
  const { event, ids } = await suite.store.acceptEvent('mine');
  const { claims } = await claim('mine', ids[0]!);
  await cancelDelivery(suite.store.pool, suite.store.project, null, ids[0]!);

  expect(await releaseClaims(suite.store.pool, releasable(claims))).toMatchObject([
    { id: ids[0], kind: 'cancelled' },
  ]);
  expect(await suite.store.attemptsOf(ids[0]!)).toEqual([]);
  expect(await suite.store.queryOne('SELECT status FROM events WHERE id = $1', [event])).toEqual({
    status: 'cancelled',
  });
});

test('a manual retry uses the next step, and changes nothing during an attempt', async () => {
  const id = await createDelivery();
  await record((await claim('mine', id)).claims[0]!);

  expect(await retryDelivery(suite.store.pool, suite.store.project, null, id)).toEqual({
    result: { kind: 'rescheduled' },
    signal: { owner: 'mine', ids: [id] },
  });
  const { claims } = await claim('mine', id, 1);
  expect(claims).toMatchObject([{ step: 1, trigger: 'manual' }]);
  expect(await retryDelivery(suite.store.pool, suite.store.project, null, id)).toMatchObject({
    signal: null,
  });
  expect(await record(claims[0]!)).toMatchObject([{ step: 2 }]);
});
