import { type Receiver, startReceiver } from '../../receivers/receiver.ts';
import { openOutcomes } from '../../set-up/outcome-stream.ts';
import { SECRET } from '../../set-up/targets.ts';
import { type Event, startTestPosthorn, type TestPosthorn } from '../../set-up/test-posthorn.ts';

let posthorn: TestPosthorn;
let receiver: Receiver;
beforeAll(async () => {
  posthorn = await startTestPosthorn();
  receiver = await startReceiver([200]);
});
afterAll(async () => {
  await posthorn.close();
  await receiver.close();
});

test('a consumer created under the id of a deleted one sees none of its data', async () => {
  const { client, call, project } = posthorn;
  const newKey = async () => (await call<{ key: string }>('POST', '/v1/keys', { consumer: 'acme' })).key;
  const as = async (key: string, path: string, method = 'GET') => client.call(method, path, { key });
  const idsOf = async (key: string, path: string) =>
    ((await as(key, path)).body as { items: { id: string }[] }).items.map(({ id }) => id);
  const secret = SECRET;
  const post = (extra: object = {}) =>
    call<Event>('POST', '/v1/events?wait=30s', { type: 'a.b', data: {}, consumer: 'acme', ...extra });

  const older = await newKey();
  const created = await client.call('POST', '/v1/endpoints', { key: older, body: { url: receiver.url } });
  const endpoint = (created.body as { id: string }).id;
  const events = [await post(), await post({ target: { url: receiver.url, secret } })];
  const deliveries = events.map((event) => event.deliveries[0]!.id);
  const stream = await openOutcomes(posthorn.url, older);
  const cursor = stream.lastEventId();
  await stream.close();
  expect((await idsOf(older, '/v1/events')).sort()).toEqual(events.map(({ id }) => id).sort());

  expect((await as(project.key, '/v1/consumers/acme', 'DELETE')).status).toBe(204);
  expect((await as(older, '/v1/events')).status).toBe(401);
  const newer = await newKey();

  const paths = [
    ...events.map(({ id }) => `/v1/events/${id}`),
    ...deliveries.flatMap((id) => [`/v1/deliveries/${id}`, `/v1/deliveries/${id}/attempts`]),
    `/v1/endpoints/${endpoint}`,
  ];
  for (const path of paths) expect((await as(newer, path)).status).toBe(404);
  for (const id of deliveries) {
    expect((await as(newer, `/v1/deliveries/${id}/retry`, 'POST')).status).toBe(404);
    expect((await as(newer, `/v1/deliveries/${id}/cancel`, 'POST')).status).toBe(404);
  }
  const lists = [
    '/v1/events',
    `/v1/events?endpoint=${endpoint}`,
    '/v1/deliveries',
    '/v1/endpoints',
    '/v1/webhooks',
  ];
  for (const id of events.map((event) => event.id)) lists.push(`/v1/deliveries?event=${id}`);
  lists.push(`/v1/deliveries?endpoint=${endpoint}`, '/v1/deliveries?status=delivered');
  for (const path of lists) expect(await idsOf(newer, path)).toEqual([]);

  // A replay of an event of the deleted consumer is not visible to the new one.
  const follows = await openOutcomes(posthorn.url, newer);
  const resumes = await openOutcomes(posthorn.url, newer, cursor!);
  await call('POST', `/v1/deliveries/${deliveries[1]}/retry`);
  const own = await post({ target: { url: receiver.url, secret } });
  for (const opened of [follows, resumes]) {
    await opened.until((outcomes) => outcomes.some(({ kind }) => kind === 'event.settled'));
    expect(new Set(opened.outcomes.map(({ data }) => data.event))).toEqual(new Set([own.id]));
    await opened.close();
  }
  expect(await idsOf(newer, '/v1/events')).toEqual([own.id]);
  expect(await idsOf(newer, '/v1/deliveries')).toEqual([own.deliveries[0]!.id]);
  // The project sees all of them as events of that consumer.
  expect(await idsOf(project.key, '/v1/events?consumer=acme')).toHaveLength(3);
});
