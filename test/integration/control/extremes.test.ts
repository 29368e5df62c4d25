import type { Receiver, ScriptStep } from '../../receivers/receiver.ts';
import { receiversPerTest } from '../../receivers/receivers-per-test.ts';
import { eventually } from '../../set-up/eventually.ts';
import {
  type Delivery,
  type Event,
  startTestPosthorn,
  type TestPosthorn,
} from '../../set-up/test-posthorn.ts';
import { permitsOf } from './control-set-up.ts';

/* What the smallest and the largest values of settings do. */

const DAY = 86_400_000;
const receiverThat = receiversPerTest();
let posthorn: TestPosthorn;

beforeAll(async () => {
  posthorn = await startTestPosthorn();
});
afterAll(() => posthorn.close());

type Waiting = Delivery & { waitingFor: string | null; waitingUntil: string | null };

/** A project of its own with an endpoint that gets all of its events. */
async function world(project: object, endpoint: object, ...script: ScriptStep[]) {
  const receiver: Receiver = await receiverThat(...script);
  const { key } = await posthorn.newProject(project);
  const call = async <T>(method: string, path: string, body?: object): Promise<T> => {
    const response = await posthorn.client.call(method, path, { key, body });
    if (response.status >= 300) throw new Error(`${method} ${path}: ${response.status} ${response.text}`);
    return response.body as T;
  };
  const { id } = await call<{ id: string }>('POST', '/v1/endpoints', {
    url: receiver.url,
    events: ['*'],
    ...endpoint,
  });
  const post = async (count: number, times: object = {}): Promise<string[]> => {
    const events = Array.from({ length: count }, () => ({ type: 'a.b', data: {}, ...times }));
    return (await call<{ items: Event[] }>('POST', '/v1/events/batch', { events })).items.map(
      (event) => event.id,
    );
  };
  const deliveryOf = async (event: string): Promise<Waiting> =>
    (await call<{ deliveries: Waiting[] }>('GET', `/v1/events/${event}`)).deliveries[0]!;
  const untilStatus = (event: string, status: string) =>
    eventually(async () => (await deliveryOf(event)).status === status);
  return { receiver, id, call, post, deliveryOf, untilStatus };
}

test('with a rate of one a minute, the second request waits for its turn, and goes out when the limit is removed', async () => {
  const rate = { limit: 1, per: 'minute' };
  const { receiver, id, call, post, deliveryOf, untilStatus } = await world(
    {},
    { rate, concurrency: 1 },
    200,
  );
  const [first, second] = (await post(2)) as [string, string];
  await untilStatus(first, 'delivered');
  expect(await deliveryOf(second)).toMatchObject({ status: 'pending', waitingFor: 'rate', attempts: 0 });
  expect(receiver.requests).toHaveLength(1);
  await call('PATCH', `/v1/endpoints/${id}`, { rate: null });
  await untilStatus(second, 'delivered');
});

test('with the largest rate and concurrency, many events are delivered', async () => {
  const rate = { limit: 10_000, per: 'second' };
  const { receiver, post, untilStatus } = await world({}, { rate, concurrency: 1_000 }, 200);
  const ids = await post(300);
  await receiver.untilReceived(300);
  await untilStatus(ids.at(-1)!, 'delivered');
  expect(new Set(receiver.requests.map(({ headers }) => headers['webhook-id'])).size).toBe(300);
});

test('the longest delay with the largest jitter waits for 30 to 60 days without a workflow, and may be retried now', async () => {
  const policy = { delays: Array(20).fill('30d'), jitter: 1 };
  const { call, post, deliveryOf, untilStatus } = await world({ policy }, {}, 500, 200);
  const [event] = (await post(1)) as [string];
  await untilStatus(event, 'retrying');
  const delivery = await deliveryOf(event);
  expect(delivery).toMatchObject({ waitingFor: 'schedule', waitingUntil: delivery.nextAttemptAt });
  const inMs = Date.parse(delivery.nextAttemptAt!) - Date.now();
  expect(inMs).toBeGreaterThan(30 * DAY - 60_000);
  expect(inMs).toBeLessThan(60 * DAY);
  const { plannedAttempts } = await call<{ plannedAttempts: object[] }>(
    'GET',
    `/v1/deliveries/${delivery.id}`,
  );
  expect(plannedAttempts).toHaveLength(20);
  await eventually(async () => {
    const { status } = await posthorn.temporal.workflow.getHandle(delivery.workflow!.id).describe();
    return status.name === 'COMPLETED';
  });
  await call('POST', `/v1/deliveries/${delivery.id}/retry`);
  await untilStatus(event, 'delivered');
});

test.each([
  ['without a limit', {}],
  ['to an endpoint with a limit', { concurrency: 1 }],
  ['to an ordered endpoint', { ordered: true }],
])('twenty retries without a delay end after 21 attempts, %s', async (_, endpoint) => {
  const policy = { delays: Array(20).fill('0s') };
  const { receiver, post, deliveryOf, untilStatus } = await world({ policy }, endpoint, 500);
  const [event] = (await post(1)) as [string];
  await untilStatus(event, 'undeliverable');
  expect(await deliveryOf(event)).toMatchObject({ attempts: 21, reason: 'exhausted' });
  expect(receiver.requests).toHaveLength(21);
});

test('no retries at all: the first failure is the last attempt', async () => {
  const { post, deliveryOf, untilStatus } = await world({ policy: { delays: [] } }, {}, 500);
  const [event] = (await post(1)) as [string];
  await untilStatus(event, 'undeliverable');
  expect(await deliveryOf(event)).toMatchObject({ attempts: 1, reason: 'exhausted' });
});

test('the shortest timeout ends an attempt that gets no response', async () => {
  const { post, deliveryOf, untilStatus } = await world(
    { policy: { delays: [], timeout: '1s' } },
    {},
    () => {},
  );
  const [event] = (await post(1)) as [string];
  await untilStatus(event, 'undeliverable');
  expect(await deliveryOf(event)).toMatchObject({ attempts: 1, lastOutcome: 'timeout' });
});

test('the shortest ttl expires an event that waits', async () => {
  const { id, call, post, deliveryOf, untilStatus } = await world({}, {}, 200);
  await call('POST', `/v1/endpoints/${id}/pause`);
  const [event] = (await post(1, { ttl: '1s' })) as [string];
  await untilStatus(event, 'undeliverable');
  expect(await deliveryOf(event)).toMatchObject({ attempts: 0, reason: 'expired' });
});

test('with the shortest failure rules, an endpoint that fails is reported and disabled, and its deliveries are held', async () => {
  const failures = {
    coolDownAfter: '0',
    probeEvery: '0',
    warnAfter: '1s',
    warnAgainAfter: '1s',
    disableAfter: '1s',
  };
  const policy = { delays: Array(20).fill('1s') };
  const { id, call, post, deliveryOf, untilStatus } = await world({ policy, failures }, {}, 500);
  const [event] = (await post(1)) as [string];
  await untilStatus(event, 'held');
  expect(await call('GET', `/v1/endpoints/${id}`)).toMatchObject({
    status: 'disabled',
    disabledReason: 'failing',
  });
  expect(await deliveryOf(event)).toMatchObject({ waitingFor: 'endpoint_disabled', waitingUntil: null });
});

test('with the longest time to a probe, a receiver that cools down is probed after a day, or as soon as it is resumed', async () => {
  const failures = {
    coolDownAfter: '1s',
    probeEvery: '1d',
    warnAfter: '0',
    warnAgainAfter: '0',
    disableAfter: '0',
  };
  const policy = { delays: Array(20).fill('1s') };
  const script = [...Array<ScriptStep>(40).fill(500), 200];
  const { id, call, post, deliveryOf, untilStatus } = await world({ policy, failures }, {}, ...script);
  const ids = await post(20);
  type Health = { health: { status: string; nextProbeAt: string | null } };
  await eventually(
    async () => (await call<Health>('GET', `/v1/endpoints/${id}`)).health.status === 'cooling_down',
    30_000,
  );
  const { health } = await call<Health>('GET', `/v1/endpoints/${id}`);
  const inMs = Date.parse(health.nextProbeAt!) - Date.now();
  expect(inMs).toBeGreaterThan(DAY - 60_000);
  expect(inMs).toBeLessThanOrEqual(DAY);
  await eventually(async () => (await deliveryOf(ids[0]!)).waitingFor === 'cooldown');
  await call('POST', `/v1/endpoints/${id}/pause`);
  await call('POST', `/v1/endpoints/${id}/resume`);
  for (const event of ids) await untilStatus(event, 'delivered');
});

test.each([
  { drainRate: 1, count: 4, isLowest: true },
  { drainRate: 10_000, count: 1_000, isLowest: false },
])(
  'with a drain rate of $drainRate a second, $count held deliveries go out at this rate',
  async ({ drainRate, count, isLowest }) => {
    const own = await startTestPosthorn({ settings: { drainRate } });
    try {
      const receiver = await receiverThat(200);
      const { id } = await own.newEndpoint(receiver.url);
      await own.call('POST', `/v1/endpoints/${id}/pause`);
      const events = Array.from({ length: count }, () => ({ type: 'a.b', data: {} }));
      await own.call('POST', '/v1/events/batch', { events });
      await own.call('POST', `/v1/endpoints/${id}/resume`);
      await receiver.untilReceived(count);
      const times = isLowest
        ? await permitsOf(own, 'a.b')
        : receiver.requests.map(({ receivedAt }) => receivedAt);
      expect(times).toHaveLength(count);
      // Of the three seconds between the first and the last, half a second may be made up for.
      if (isLowest) expect(times.at(-1)! - times[0]!).toBeGreaterThan(2_450);
      // At the default of 20 a second they would take 50 seconds.
      else expect(times.at(-1)! - times[0]!).toBeLessThan(25_000);
    } finally {
      await own.close();
    }
  },
);
