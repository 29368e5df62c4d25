import { receiversPerTest } from '../../receivers/receivers-per-test.ts';
import { eventually } from '../../set-up/eventually.ts';
import { type Event, startTestPosthorn, type TestPosthorn } from '../../set-up/test-posthorn.ts';
import { permitsOf } from './control-set-up.ts';

const DRAIN_RATE = 10;

let posthorn: TestPosthorn;
const receiverThat = receiversPerTest();

beforeAll(async () => {
  posthorn = await startTestPosthorn({ settings: { drainRate: DRAIN_RATE } });
  await posthorn.call('PATCH', '/v1/project', {
    policy: { delays: ['1s', '1s', '1s', '1s', '1s', '1s', '1s', '1s'] },
    failures: {
      coolDownAfter: '2s',
      probeEvery: '2s',
      warnAfter: '3s',
      warnAgainAfter: '0',
      disableAfter: '0',
    },
  });
});
afterAll(() => posthorn.close());

type Health = { status: string; failuresInARow: number; nextProbeAt: string | null };
const healthOf = async (id: string) =>
  (await posthorn.call<{ health: Health }>('GET', `/v1/endpoints/${id}`)).health;

async function toldAbout(endpoint: string): Promise<string[]> {
  const { rows } = await posthorn.database.pool.query<{ type: string }>(
    `SELECT type FROM operational_events WHERE data->>'endpoint' = $1 ORDER BY created_at`,
    [endpoint],
  );
  return rows.map(({ type }) => type);
}

const totalAttempts = async (events: Event[]): Promise<number> => {
  const { rows } = await posthorn.database.pool.query<{ n: number }>(
    'SELECT sum(attempts)::int AS n FROM deliveries WHERE event_id = ANY ($1)',
    [events.map(({ id }) => id)],
  );
  return rows[0]!.n;
};

test('a receiver that only fails gets single probes, the others wait without attempts, and a success ends it', async () => {
  let isDown = true;
  const receiver = await receiverThat(
    (_request, response) => void response.writeHead(isDown ? 500 : 200).end(),
  );
  const { id } = await posthorn.newEndpoint(receiver.url, { events: ['a.b'] });
  const events = await Promise.all(
    Array.from({ length: 12 }, () => posthorn.post({ type: 'a.b', data: {} })),
  );
  await eventually(async () => (await healthOf(id)).status === 'cooling_down');
  const health = await healthOf(id);
  expect(health.failuresInARow).toBeGreaterThanOrEqual(20);
  expect(health.nextProbeAt).not.toBeNull();

  // What was under way when the cool-down began is recorded.
  await eventually(async () => (await totalAttempts(events)) === receiver.requests.length);
  const before = receiver.requests.length;
  await receiver.untilReceived(before + 2);
  await eventually(async () => (await totalAttempts(events)) === before + 2);
  const [first, second] = (await permitsOf(posthorn, 'a.b')).slice(-2);
  // The first probe came 2 s after the start of the cool-down, the second 4 s later.
  expect(second! - first!).toBeGreaterThan(3_500);
  await eventually(async () => (await toldAbout(id)).length > 0);

  const waiting = (await posthorn.eventOf(events.at(-1)!.id)).deliveries[0];
  expect(waiting).toMatchObject({ waitingFor: 'cooldown', waitingUntil: (await healthOf(id)).nextProbeAt });

  isDown = false;
  for (const event of events)
    expect(await posthorn.untilSettled(event.id)).toMatchObject({ status: 'delivered' });
  await eventually(async () => (await healthOf(id)).status === 'healthy');
  expect(await toldAbout(id)).toEqual(['endpoint.failing', 'endpoint.recovered']);
  // Only the probe that succeeded, and each delivery once more.
  expect(receiver.requests.length).toBe(before + 2 + events.length);
});

test('what has piled up during a cool-down goes out evenly', async () => {
  const BACKLOG = 30;
  let isDown = true;
  const receiver = await receiverThat(
    (_request, response) => void response.writeHead(isDown ? 500 : 200).end(),
  );
  const { id } = await posthorn.newEndpoint(receiver.url, { events: ['a.c.*'] });
  const post = (type: string) => () => posthorn.post({ type, data: {} });
  await Promise.all(Array.from({ length: 12 }, post('a.c.first')));
  await eventually(async () => (await healthOf(id)).status === 'cooling_down');
  const backlog = await Promise.all(Array.from({ length: BACKLOG }, post('a.c.later')));
  isDown = false;
  for (const event of backlog)
    expect(await posthorn.untilSettled(event.id)).toMatchObject({ status: 'delivered' });

  const permits = await permitsOf(posthorn, 'a.c.later');
  expect(permits).toHaveLength(BACKLOG);
  // At DRAIN_RATE a second, with room for half a second that was lost.
  const took = permits.at(-1)! - permits[0]!;
  expect(took).toBeGreaterThan(((BACKLOG - 1) / DRAIN_RATE - 0.5) * 1_000 - 50);
});

test('an endpoint that only fails for longer than the project allows is disabled, and its deliveries are held', async () => {
  const project = await posthorn.newProject({
    policy: { delays: ['1s', '1s', '1h'] },
    failures: { warnAfter: '0', warnAgainAfter: '0', disableAfter: '0' },
  });
  const receiver = await receiverThat(500, 500, 500, 200);
  const call = (method: string, path: string, body?: object) =>
    posthorn.client.call(method, path, { key: project.key, body });
  const { body } = await call('POST', '/v1/endpoints', { url: receiver.url, events: ['a.b'] });
  const { id } = body as { id: string };
  const event = (await call('POST', '/v1/events', { type: 'a.b', data: {} })).body as Event;
  const endpoint = async () => (await call('GET', `/v1/endpoints/${id}`)).body;
  // Three attempts come before the rule, however slow they are.
  const delivery = async () => ((await call('GET', `/v1/events/${event.id}`)).body as Event).deliveries[0]!;
  await eventually(async () => (await delivery()).attempts === 3);
  await call('PATCH', '/v1/project', {
    failures: { warnAfter: '0', warnAgainAfter: '0', disableAfter: '1s' },
  });
  await eventually(async () => ((await endpoint()) as { status: string }).status === 'disabled');
  expect(await endpoint()).toMatchObject({ disabledReason: 'failing', disabledBy: null });
  expect(await toldAbout(id)).toEqual(['endpoint.disabled']);

  const held = (await call('POST', '/v1/events', { type: 'a.b', data: {} })).body as Event;
  expect(held).toMatchObject({ deliveries: [{ status: 'held', waitingFor: 'endpoint_disabled' }] });
  expect(await delivery()).toMatchObject({ status: 'retrying', attempts: 3 });

  const enabled = await call('POST', `/v1/endpoints/${id}/enable`);
  expect(enabled.body).toMatchObject({
    status: 'active',
    disabledReason: null,
    health: { status: 'healthy', failuresInARow: 0 },
  });
  await receiver.untilReceived(4);
});

test('the rules of a project are shown, replaced, and reset to the defaults', async () => {
  const { key } = await posthorn.newProject();
  const patch = (failures: object | null) =>
    posthorn.client.call('PATCH', '/v1/project', { key, body: { failures } });
  const defaults = {
    coolDownAfter: '1m',
    probeEvery: '30s',
    warnAfter: '1h',
    warnAgainAfter: '1d',
    disableAfter: '5d',
  };
  expect((await posthorn.client.call('GET', '/v1/project', { key })).body).toMatchObject({
    failures: defaults,
  });
  expect((await patch({ disableAfter: '0', warnAfter: '90m' })).body).toMatchObject({
    failures: { ...defaults, disableAfter: '0', warnAfter: '90m' },
  });
  expect((await patch(null)).body).toMatchObject({ failures: defaults });
  expect((await patch({ disableAfter: '91d' })).status).toBe(422);
  expect((await patch({ disableAfter: '1w' })).status).toBe(422);
});
