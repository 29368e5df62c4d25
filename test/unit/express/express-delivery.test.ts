import { type ExpressDelivery, mayTravelExpress, toClaims } from '../../../src/express/express-delivery.ts';
import { draftWith, matchedDelivery } from './deliveries.ts';

const KIB = 1024;

test('a delivery to an unrestricted receiver may be attempted without a workflow', () => {
  expect(mayTravelExpress(matchedDelivery())).toBe(true);
  expect(mayTravelExpress(matchedDelivery({ draft: draftWith(Buffer.alloc(64 * KIB)) }))).toBe(true);
});

test.each([
  { title: 'to a slow receiver', changes: { lane: 'restricted' } },
  { title: 'that is isolated', changes: { lane: 'isolated' } },
  { title: 'to a paused endpoint', changes: { waitingFor: 'paused' } },
  { title: 'to a disabled endpoint', changes: { waitingFor: 'disabled' } },
  { title: 'whose receiver was matched without details', changes: { details: null } },
  { title: 'with a body over 64 KiB', changes: { draft: draftWith(Buffer.alloc(64 * KIB + 1)) } },
] as const)('a delivery $title may not', ({ changes }) => {
  expect(mayTravelExpress(matchedDelivery(changes as object))).toBe(false);
});

const claimsOf = (...bodies: Buffer[]) =>
  toClaims(bodies.map((body) => matchedDelivery({ draft: draftWith(body) }) as ExpressDelivery));

test('a claim holds what the first attempt needs, with epoch 1 and step 0', () => {
  const delivery = matchedDelivery() as ExpressDelivery;

  const [claim] = toClaims([delivery]);

  const { draft, waitingFor: _, details: withTime, ...rest } = delivery;
  const { readAt: __, ...details } = withTime;
  expect(claim).toEqual({
    ...rest,
    ...details,
    epoch: 1,
    expiresAt: null,
    startInMs: null,
    step: 0,
    attempts: 0,
    trigger: 'schedule',
    attributes: draft.attributes,
    sequence: null,
    body: draft.body,
    profile: 'standard-webhooks',
    profileVersion: 1,
    traceparent: null,
    tracestate: null,
  });
});

test('a body that is a slice of a large batch is copied, so that the batch is not kept in memory', () => {
  const batch = Buffer.alloc(1024 * KIB, 'x');

  const [claim] = claimsOf(batch.subarray(100 * KIB, 101 * KIB));

  expect(claim!.body).toEqual(batch.subarray(100 * KIB, 101 * KIB));
  expect(claim!.body.buffer).not.toBe(batch.buffer);
  expect(claim!.body.buffer.byteLength).toBeLessThanOrEqual(64 * KIB);
});

test('the deliveries of an event share one copy of its body', () => {
  const draft = draftWith(Buffer.alloc(1024 * KIB, 'x').subarray(0, KIB));
  const deliveries = [1, 2, 3].map(() => matchedDelivery({ draft }) as ExpressDelivery);

  expect(new Set(toClaims(deliveries).map(({ body }) => body)).size).toBe(1);
});

test('a small body is used as it is', () => {
  const body = Buffer.from('{"type":"a.b"}');

  expect(claimsOf(body)[0]!.body).toBe(body);
});
