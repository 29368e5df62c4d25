import type { ScriptStep } from '../../receivers/receiver.ts';
import { receiversPerTest } from '../../receivers/receivers-per-test.ts';
import { SECRET } from '../../set-up/targets.ts';
import { type Delivery, startTestPosthorn, type TestPosthorn } from '../../set-up/test-posthorn.ts';

let posthorn: TestPosthorn;
const receiverThat = receiversPerTest();

beforeAll(async () => {
  posthorn = await startTestPosthorn();
});
afterEach(async () => {
  await posthorn.call('PATCH', '/v1/project', { policy: null });
});
afterAll(() => posthorn.close());

const withPolicy = (policy: object): Promise<unknown> => posthorn.call('PATCH', '/v1/project', { policy });

/** Posts an event to the URL as a target, and returns its delivery once that has ended. */
async function deliverTo(url: string): Promise<Delivery> {
  const event = await posthorn.post({ type: 'a.b', data: {}, target: { url, secret: SECRET } });
  return (await posthorn.untilSettled(event.id)).deliveries[0]!;
}

const respond =
  (status: number, retryAfter: string): ScriptStep =>
  (_request, response) =>
    void response.writeHead(status, { 'Retry-After': retryAfter }).end();

test('a response with a final status ends the delivery after one attempt', async () => {
  const receiver = await receiverThat(422);
  await withPolicy({ delays: ['1s'], finalStatuses: ['400', '422'] });

  expect(await deliverTo(receiver.url)).toMatchObject({
    status: 'undeliverable',
    reason: 'final_status',
    attempts: 1,
    nextAttemptAt: null,
  });
});

test('a later response with a status of a final class ends the delivery, and other failures are retried', async () => {
  const receiver = await receiverThat(503, 403, 200);
  await withPolicy({ delays: ['0s', '0s'], finalStatuses: ['4xx'] });

  expect(await deliverTo(receiver.url)).toMatchObject({ reason: 'final_status', attempts: 2 });
});

test('410 ends a delivery to a target', async () => {
  const receiver = await receiverThat(410);
  await withPolicy({ delays: ['1s'] });

  expect(await deliverTo(receiver.url)).toMatchObject({
    status: 'undeliverable',
    reason: 'gone',
    attempts: 1,
  });
});

test('Retry-After postpones the retry, and a value that is no time or in the past does not', async () => {
  await withPolicy({ delays: ['1s'] });
  const delayAfter = async (retryAfter: string): Promise<number> => {
    const receiver = await receiverThat(respond(503, retryAfter), 200);
    const delivery = await deliverTo(receiver.url);
    expect(delivery).toMatchObject({ status: 'delivered', attempts: 2 });
    // Milliseconds from the end of the first attempt to the planned start of the second, which a busy machine makes late.
    const { rows } = await posthorn.database.pool.query<{ ms: number; at: Date }>(
      `SELECT extract(epoch FROM next_attempt_at - a.started_at)::float8 * 1000 - a.duration_ms AS ms, next_attempt_at AS at
       FROM outcomes o JOIN attempts a ON a.delivery_id = o.delivery_id AND a.number = o.attempt
       WHERE o.delivery_id = $1 AND o.kind = 'attempt.failed'`,
      [delivery.id],
    );
    expect(receiver.requests[1]!.receivedAt).toBeGreaterThanOrEqual(rows[0]!.at.getTime() - 50);
    return rows[0]!.ms;
  };
  const [waited, ...others] = await Promise.all(['6', '1e1', '-3', ''].map(delayAfter));
  expect(waited).toBeGreaterThanOrEqual(5_950);
  for (const delay of others) {
    expect(delay).toBeGreaterThanOrEqual(950);
    expect(delay).toBeLessThan(5_950);
  }
});

test.each([['400x'], ['2xx'], ['99'], ['4XX'], [400]])('the final status %j is refused', async (status) => {
  const { key } = posthorn.project;
  const body = { policy: { finalStatuses: [status] } };
  const refused = await posthorn.client.call('PATCH', '/v1/project', { key, body });
  expect(refused.status).toBe(422);
});
