import { serializePolicy } from '../../../src/policy/retry-policy.ts';
import { claimDeliveries } from '../../../src/store/deliveries/claims/claim-deliveries.ts';
import { readDeliveryResults } from '../../../src/store/deliveries/claims/resolve-unclaimed.ts';
import { markEndpointDeleted } from '../../../src/store/endpoints/delete-endpoint.ts';
import { POLICY } from '../seed.ts';
import { useClaims } from './claims-set-up.ts';

const suite = useClaims();
const { claim, record, createDelivery } = suite;

test('a due delivery of the owner is claimed, with everything that the attempt needs', async () => {
  const id = await createDelivery();

  const { claims } = await claim('mine', id);

  expect(claims).toMatchObject([
    {
      id,
      epoch: 1,
      step: 0,
      attempts: 0,
      trigger: 'schedule',
      lane: 'fast',
      endpointId: suite.endpoint,
      type: 'render.completed',
    },
  ]);
  expect(claims[0]).toMatchObject({
    url: 'http://receiver.test/hook',
    headers: null,
    policy: serializePolicy(POLICY),
  });
  expect(await suite.store.deliveryOf(id)).toMatchObject({ epoch: 1, claimed_at: expect.any(Date) });
});

test('the attributes of an event are read once for all of its deliveries in a claim', async () => {
  await suite.store.newEndpoint();
  const attributes = { region: 'eu' };
  const { ids } = await suite.store.acceptEvent('mine', { attributes });
  const other = await suite.store.acceptEvent('mine', { attributes: { region: 'us' } });
  const steps = [...ids, ...other.ids].map((id) => ({ id, step: 0 }));

  const claims = await claimDeliveries(suite.store.pool, 'mine', steps);

  const [first, second] = claims.filter(({ id }) => ids.includes(id));
  expect(first!.attributes).toEqual(attributes);
  expect(second!.attributes).toBe(first!.attributes);
  expect(claims.filter(({ id }) => other.ids.includes(id))).toMatchObject(
    other.ids.map(() => ({ attributes: { region: 'us' } })),
  );
});

test('the trace of an event is read only where attempts have traces', async () => {
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  const [plain, traced] = [
    await createDelivery('mine', { traceparent, tracestate: 'k=v' }),
    await createDelivery('mine', { traceparent, tracestate: 'k=v' }),
  ];
  const claimWith = (id: string, withTrace: boolean) =>
    claimDeliveries(suite.store.pool, 'mine', [{ id, step: 0 }], { withTrace });

  const [withoutTrace] = await claimWith(plain!, false);
  expect(withoutTrace).not.toHaveProperty('traceparent');
  expect(withoutTrace).not.toHaveProperty('tracestate');
  expect(await claimWith(traced!, true)).toMatchObject([{ id: traced, traceparent, tracestate: 'k=v' }]);
});

test('a delivery whose attempt was already recorded is not claimed; its current step and due time are returned', async () => {
  const id = await createDelivery();
  await record((await claim('mine', id)).claims[0]!);

  const { claims, results } = await claim('mine', id, 0);

  expect(claims).toEqual([]);
  expect(results).toEqual([
    { id, kind: 'waiting', step: 1, dueInMs: expect.any(Number), lastOutcome: '503' },
  ]);
  const [result] = results;
  expect(result!.kind === 'waiting' && result!.dueInMs).toBeGreaterThan(55_000);
  expect(await readDeliveryResults(suite.store.pool, 'mine', [id])).toMatchObject([
    { kind: 'waiting', step: 1 },
  ]);
});

test.each(['delivered', 'undeliverable'] as const)(
  'a delivery that is already %s is not claimed; its status is returned',
  async (kind) => {
    const id = await createDelivery();
    const changes =
      kind === 'delivered' ? ({ outcome: 'delivered', statusCode: 200 } as const) : { retryInMs: null };
    await record((await claim('mine', id)).claims[0]!, changes);

    expect(await claim('mine', id)).toMatchObject({ claims: [], results: [{ id, kind }] });
    expect(await readDeliveryResults(suite.store.pool, 'mine', [id])).toMatchObject([{ id, kind }]);
  },
);

test('a delivery of another owner, or one that does not exist, is reported as released and does not change', async () => {
  const id = await createDelivery('theirs');
  await claim('theirs', id);
  const before = await suite.store.deliveryOf(id);

  expect(await claim('mine', id)).toEqual({ claims: [], results: [{ id, kind: 'released' }] });
  expect(await claim('mine', 'dlv_none')).toEqual({
    claims: [],
    results: [{ id: 'dlv_none', kind: 'released' }],
  });
  expect(await suite.store.deliveryOf(id)).toEqual(before);
});

test('a delivery whose endpoint is deleted is cancelled at its claim', async () => {
  const id = await createDelivery();
  await markEndpointDeleted(suite.store.pool, suite.store.project, null, suite.endpoint);

  expect(await claim('mine', id)).toMatchObject({ claims: [], results: [{ id, kind: 'cancelled' }] });
  expect(await suite.store.deliveryOf(id)).toMatchObject({
    status: 'cancelled',
    reason: 'endpoint_deleted',
    attempts: 0,
  });
});

test.each(['paused', 'disabled'])(
  'a delivery whose endpoint is %s is held at its claim and has no owner afterwards',
  async (status) => {
    const id = await createDelivery();
    await suite.store.pool.query('UPDATE endpoints SET status = $2 WHERE id = $1', [suite.endpoint, status]);

    expect(await claim('mine', id)).toEqual({ claims: [], results: [{ id, kind: 'released' }] });
    expect(await suite.store.deliveryOf(id)).toMatchObject({
      status: 'held',
      waiting_for: `endpoint_${status}`,
      owner: null,
      due_at: null,
    });
  },
);
