import { createLogger } from '../../../src/observability/log.ts';
import type { Rate } from '../../../src/policy/pacing.ts';
import { startService } from '../../../src/service/start-service.ts';
import { pendingResponse } from '../../receivers/pending-response.ts';
import type { Receiver } from '../../receivers/receiver.ts';
import { receiversPerTest } from '../../receivers/receivers-per-test.ts';
import { eventually } from '../../set-up/eventually.ts';
import { mostWithin } from '../../set-up/most-within.ts';
import { startTestPosthorn, type TestPosthorn } from '../../set-up/test-posthorn.ts';
import { displacement, hasGate, permitsOf, postBatch, postInOrder } from './control-set-up.ts';

const quiet = createLogger({ level: 'silent', name: 'test' });
let posthorn: TestPosthorn;
const receiverThat = receiversPerTest();

beforeAll(async () => {
  posthorn = await startTestPosthorn();
});
afterAll(() => posthorn.close());

type Limits = { rate?: Rate | null; concurrency?: number | null };

let types = 0;
async function endpointWith(receiver: Receiver, limits: Limits): Promise<{ id: string; type: string }> {
  const type = `limits.${++types}`;
  const { id } = await posthorn.newEndpoint(receiver.url, { events: [type], ...limits });
  return { id, type };
}

const ownersOf = async (type: string): Promise<(string | null)[]> => {
  const { rows } = await posthorn.database.pool.query<{ owner: string | null }>(
    `SELECT owner FROM deliveries d JOIN events e ON e.id = d.event_id WHERE e.type = $1 AND due_at IS NOT NULL`,
    [type],
  );
  return rows.map(({ owner }) => owner);
};

test('an endpoint with a rate of 20 a second gets no more than 110 % of it in any ten seconds, by two workers', async () => {
  const worker = await startService(posthorn.config, { api: false, worker: true }, { log: quiet });
  const receiver = await receiverThat(200);
  const { type } = await endpointWith(receiver, { rate: { limit: 20, per: 'second' } });

  const ids = await postInOrder(posthorn, type, 230);
  await receiver.untilReceived(230, 100_000);
  await worker.close();

  // A request starts when its permit says, or up to two seconds later on a busy machine, which also gives fewer permits.
  // test/store/receivers/held-rate has the lower bound, where the load of the machine does not count.
  expect(mostWithin(await permitsOf(posthorn, type), 10_000)).toBeLessThanOrEqual(20 * 10 * 1.1);
  const { deliveries } = await posthorn.untilSettled(ids.at(-1)!);
  expect(deliveries).toMatchObject([{ status: 'delivered', attempts: 1 }]);
});

test('the events of a batch reach an endpoint with a rate in the order of the batch', async () => {
  const receiver = await receiverThat(200);
  const { type } = await endpointWith(receiver, { rate: { limit: 40, per: 'second' } });

  const ids = await postBatch(posthorn, type, 200);
  await receiver.untilReceived(200);

  // Within half a second, twice the rate may start, if a visit was late.
  expect(displacement(receiver, ids)).toBeLessThanOrEqual(40);
});

test('a rate per minute spaces the requests', async () => {
  const receiver = await receiverThat(200);
  const { type } = await endpointWith(receiver, { rate: { limit: 60, per: 'minute' } });

  await postBatch(posthorn, type, 4);
  await receiver.untilReceived(4);

  // Half a second, if a visit was late.
  const permits = await permitsOf(posthorn, type);
  for (const [index, at] of permits.slice(1).entries()) expect(at - permits[index]!).toBeGreaterThan(450);
  expect(permits[3]! - permits[0]!).toBeGreaterThan(1_900);
});

test('an endpoint with a concurrency of 3 gets at most 3 requests at once, and the rest in order', async () => {
  const { step, respond } = pendingResponse();
  const receiver = await receiverThat(step, step, step, 200);
  const { type } = await endpointWith(receiver, { concurrency: 3 });

  const ids = await postInOrder(posthorn, type, 12);
  await receiver.untilReceived(3);
  await eventually(async () => (await ownersOf(type)).filter((owner) => owner === null).length === 9);
  expect(receiver.requests).toHaveLength(3);
  respond(200);
  await receiver.untilReceived(12);

  expect(
    receiver.requests
      .slice(0, 3)
      .map(({ headers }) => headers['webhook-id'])
      .sort(),
  ).toEqual(ids.slice(0, 3).sort());
  for (const id of ids)
    expect((await posthorn.untilSettled(id)).deliveries).toMatchObject([
      { status: 'delivered', attempts: 1 },
    ]);
});

test('a retry at an endpoint with a limit waits in Postgres, and its workflow ends', async () => {
  const receiver = await receiverThat(500, 200);
  await posthorn.call('PATCH', '/v1/project', { policy: { delays: ['3s'] } });
  const { type } = await endpointWith(receiver, { rate: { limit: 10, per: 'second' } });

  const event = await posthorn.post({ type, data: {} });
  await receiver.untilReceived(1);
  await eventually(async () => (await posthorn.eventOf(event.id)).deliveries[0]!.status === 'retrying');

  expect(await ownersOf(type)).toEqual([null]);
  const { workflow } = (await posthorn.eventOf(event.id)).deliveries[0]!;
  await eventually(async () => {
    const { status } = await posthorn.temporal.workflow.getHandle(workflow!.id).describe();
    return status.name === 'COMPLETED';
  });
  expect((await posthorn.untilSettled(event.id)).deliveries).toMatchObject([
    { status: 'delivered', attempts: 2 },
  ]);
  const [first, second] = receiver.requests;
  expect(second!.receivedAt - first!.receivedAt).toBeGreaterThan(2_950);
  await posthorn.call('PATCH', '/v1/project', { policy: null });
});

test('a limit that is set while a retry waits in a workflow applies to that retry', async () => {
  const receiver = await receiverThat(500, 500, 500, 200);
  await posthorn.call('PATCH', '/v1/project', { policy: { delays: ['2s'] } });
  const { id, type } = await endpointWith(receiver, {});
  const ids = await postBatch(posthorn, type, 3);
  await receiver.untilReceived(3);
  await eventually(async () => (await posthorn.eventOf(ids[0]!)).deliveries[0]!.status === 'retrying');

  await posthorn.call('PATCH', `/v1/endpoints/${id}`, { rate: { limit: 1, per: 'second' } });
  await receiver.untilReceived(6);

  // Half a second, if a visit was late.
  const [first, second, third] = await permitsOf(posthorn, type);
  expect(second! - first!).toBeGreaterThan(450);
  expect(third! - second!).toBeGreaterThan(450);
  for (const event of ids)
    expect((await posthorn.untilSettled(event)).deliveries).toMatchObject([{ attempts: 2 }]);
  await posthorn.call('PATCH', '/v1/project', { policy: null });
});

test('a limit that is changed and then removed under load applies at once', async () => {
  const receiver = await receiverThat(200);
  const { id, type } = await endpointWith(receiver, { rate: { limit: 1, per: 'minute' } });
  await postBatch(posthorn, type, 300);
  await receiver.untilReceived(1);

  await posthorn.call('PATCH', `/v1/endpoints/${id}`, { rate: { limit: 10, per: 'second' } });
  await receiver.untilReceived(20);
  const permits = await permitsOf(posthorn, type);
  expect(mostWithin(permits, 1_000)).toBeLessThanOrEqual(10 + 5 + 1); // half a second that was lost is made up for
  const changed = await posthorn.call('PATCH', `/v1/endpoints/${id}`, { rate: null });
  expect(changed).toMatchObject({ rate: null, concurrency: null });
  expect(await hasGate(posthorn, id)).toBe(false);
  const removedAt = Date.now();
  await receiver.untilReceived(300);

  // At ten a second, the rest would take 28 seconds.
  expect(receiver.requests.at(-1)!.receivedAt - removedAt).toBeLessThan(14_000);
  expect(new Set(receiver.requests.map(({ headers }) => headers['webhook-id'])).size).toBe(300);
});

test('limits are members of an endpoint, and are checked', async () => {
  const receiver = await receiverThat(200);
  const rate = { limit: 100, per: 'minute' as const };
  const { id } = await endpointWith(receiver, { rate, concurrency: 5 });
  expect(await posthorn.call('GET', `/v1/endpoints/${id}`)).toMatchObject({ rate, concurrency: 5 });

  expect(await posthorn.call('PATCH', `/v1/endpoints/${id}`, { rate: null })).toMatchObject({
    rate: null,
    concurrency: 5,
  });

  for (const wrong of [
    { rate: { limit: 0, per: 'second' } },
    { rate: { limit: 1, per: 'hour' } },
    { rate: '1/s' },
    { concurrency: 0 },
  ]) {
    const { key } = posthorn.project;
    const { status } = await posthorn.client.call('PATCH', `/v1/endpoints/${id}`, { key, body: wrong });
    expect(status).toBe(422);
  }
});
