import { pendingResponse } from '../../receivers/pending-response.ts';
import type { ReceivedRequest, ScriptStep } from '../../receivers/receiver.ts';
import { receiversPerTest } from '../../receivers/receivers-per-test.ts';
import { eventually } from '../../set-up/eventually.ts';
import { startTestPosthorn, type TestPosthorn } from '../../set-up/test-posthorn.ts';
import { permitsOf } from './control-set-up.ts';

let posthorn: TestPosthorn;
const receiverThat = receiversPerTest();
let types = 0;

beforeAll(async () => {
  posthorn = await startTestPosthorn();
  await posthorn.call('PATCH', '/v1/project', { policy: { delays: ['1s', '1s', '1s', '1s'] } });
});
afterAll(() => posthorn.close());

const respond =
  (status: number, retryAfter: string): ScriptStep =>
  (_request, response) =>
    void response.writeHead(status, { 'Retry-After': retryAfter }).end();

/** An endpoint with an event type of its own. */
async function subscribed(...script: ScriptStep[]) {
  const receiver = await receiverThat(...script);
  const type = `type.${types++}`;
  const { id } = await posthorn.newEndpoint(receiver.url, { events: [type] });
  type Health = {
    status: string;
    retryAfter: string | null;
    spacingMs: number | null;
    failuresInARow: number;
  };
  return {
    receiver,
    id,
    type,
    post: () => posthorn.post({ type, data: {} }),
    health: async () => (await posthorn.call<{ health: Health }>('GET', `/v1/endpoints/${id}`)).health,
  };
}

test('the whole endpoint waits as long as Retry-After says, and no delivery uses an attempt meanwhile', async () => {
  const { receiver, post, health } = await subscribed(respond(503, '4'), 200);
  const first = await post();
  await receiver.untilReceived(1);
  await eventually(async () => (await health()).retryAfter !== null);
  const others = await Promise.all([post(), post(), post()]);
  const { retryAfter } = await health();
  for (const { id } of others)
    expect((await posthorn.eventOf(id)).deliveries[0]).toMatchObject({
      attempts: 0,
      waitingFor: 'retry_after',
      waitingUntil: retryAfter,
    });

  for (const { id } of [first, ...others]) await posthorn.untilSettled(id);

  expect(await health()).toMatchObject({ status: 'healthy', failuresInARow: 0 });
  const [{ receivedAt: respondedAt }, ...later] = receiver.requests as [
    ReceivedRequest,
    ...ReceivedRequest[],
  ];
  expect(Date.parse(retryAfter!) - respondedAt).toBeGreaterThan(3_900);
  for (const { receivedAt } of later) expect(receivedAt).toBeGreaterThan(Date.parse(retryAfter!) - 50);
  expect(receiver.requests).toHaveLength(5);
  const attempts = await Promise.all(
    [first, ...others].map(async ({ id }) => (await posthorn.eventOf(id)).deliveries[0]!.attempts),
  );
  expect(attempts).toEqual([2, 1, 1, 1]);
});

test('a date in Retry-After is kept to the second', async () => {
  const until = Math.ceil(Date.now() / 1000) * 1000 + 4_000;
  const { receiver, post } = await subscribed(respond(429, new Date(until).toUTCString()), 200);
  const event = await post();
  expect(await posthorn.untilSettled(event.id)).toMatchObject({ status: 'delivered' });
  expect(receiver.requests[1]!.receivedAt).toBeGreaterThanOrEqual(until - 50);
});

test('429 without Retry-After spaces the requests to the endpoint out, and successes relax that', async () => {
  const { step, respond } = pendingResponse();
  const { receiver, id, type, post, health } = await subscribed(429, 429, step, 200);
  const first = await post();
  await receiver.untilReceived(2);
  await eventually(async () => (await health()).spacingMs === 2_000);
  const { rows } = await posthorn.database.pool.query<{ at: Date }>(
    'SELECT spacing_changed_at AS at FROM receiver_gates WHERE receiver = $1',
    [id],
  );
  const others = await Promise.all([post(), post(), post()]);
  await receiver.untilReceived(3);
  respond(200);
  for (const { id } of [first, ...others])
    expect(await posthorn.untilSettled(id)).toMatchObject({ status: 'delivered' });
  await eventually(async () => (await health()).spacingMs === null);

  // From the second 429 on: 2 s, then 1 s after a success, then no distance.
  // What is sent without a distance needs no permit, and keeps an earlier one.
  const slowedAt = rows[0]!.at.getTime();
  const [third, fourth] = (await permitsOf(posthorn, type)).filter((at) => at > slowedAt);
  expect(third! - slowedAt).toBeGreaterThan(1_950);
  expect(fourth! - third!).toBeGreaterThan(950);
});

test('another endpoint does not wait', async () => {
  const shut = await subscribed(respond(503, '60'), 200);
  await shut.post();
  await eventually(async () => (await shut.health()).retryAfter !== null);
  const open = await subscribed(200);
  const event = await open.post();
  expect(await posthorn.untilSettled(event.id)).toMatchObject({ status: 'delivered' });
});

test('an endpoint that is paused and resumed does not wait any longer', async () => {
  const { receiver, id, post, health } = await subscribed(respond(503, '600'), 200);
  await post();
  await eventually(async () => (await health()).retryAfter !== null);
  const waits = await post();
  await posthorn.call('POST', `/v1/endpoints/${id}/pause`);
  const resumed = await posthorn.call('POST', `/v1/endpoints/${id}/resume`);
  expect(resumed).toMatchObject({ health: { status: 'healthy', retryAfter: null } });
  expect(await posthorn.untilSettled(waits.id)).toMatchObject({ status: 'delivered' });
  expect(receiver.requests).toHaveLength(2);
});
