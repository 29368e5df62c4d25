import { removePayloads } from '../../../src/store/events/payload-retention.ts';
import type { EventPosition } from '../../../src/store/events/retention.ts';
import { receiversPerTest } from '../../receivers/receivers-per-test.ts';
import { eventually } from '../../set-up/eventually.ts';
import { tablesWith } from '../../set-up/stored-text.ts';
import { type Event, startTestPosthorn, type TestPosthorn } from '../../set-up/test-posthorn.ts';

let posthorn: TestPosthorn;
const receiverThat = receiversPerTest();

beforeAll(async () => {
  posthorn = await startTestPosthorn();
});
afterAll(() => posthorn.close());

const statusOf = async (method: string, path: string, body?: unknown) =>
  (await posthorn.client.call(method, path, { key: posthorn.project.key, body })).status;

const keepFor = (payloadRetention: string | null) =>
  posthorn.call('PATCH', '/v1/project', { payloadRetention });

/** Removes all that is due, as the retention does once a minute. */
async function sweep(): Promise<void> {
  let position: EventPosition | null = null;
  do position = await removePayloads(posthorn.database.pool, posthorn.project.id, position);
  while (position);
}

type Payload = Event & { data: unknown; body: string | null; payloadRemovedAt: string | null };
const payloadOf = (id: string) => posthorn.call<Payload>('GET', `/v1/events/${id}`);

test('the payload of a settled event is removed early, and its record stays', async () => {
  const receiver = await receiverThat((_request, response) => void response.end('plant in answer'));
  const endpoint = await posthorn.newEndpoint(receiver.url, { events: ['early.removed'] });
  const other = await posthorn.newEndpoint(receiver.url, { events: ['other'] });
  const event = { id: 'early', type: 'early.removed', data: 'plant in data', attributes: { kept: 'yes' } };
  await posthorn.post(event);
  const [delivery] = (await posthorn.untilSettled('early')).deliveries;
  const etag = (
    await posthorn.client.call('GET', '/v1/events/early', { key: posthorn.project.key })
  ).headers.get('etag');

  await keepFor('1s');
  await eventually(async () => {
    await sweep();
    return (await payloadOf('early')).payloadRemovedAt !== null;
  });

  expect(await payloadOf('early')).toMatchObject({
    ...{ data: null, body: null, status: 'delivered', type: 'early.removed', attributes: { kept: 'yes' } },
    deliveries: [{ id: delivery!.id, status: 'delivered' }],
  });
  expect(await posthorn.attemptsOf(delivery!.id)).toMatchObject([
    {
      outcome: 'delivered',
      statusCode: 200,
      request: { url: receiver.url, headers: null },
      response: { headers: null, body: null },
    },
  ]);
  expect(await tablesWith(posthorn.database.pool, 'plant in')).toEqual([]);
  const headers = { 'if-none-match': etag! };
  expect(
    (await posthorn.client.call('GET', '/v1/events/early', { key: posthorn.project.key, headers })).status,
  ).toBe(200);

  expect(await statusOf('POST', `/v1/deliveries/${delivery!.id}/retry`)).toBe(409);
  expect(await statusOf('POST', '/v1/events/early/deliveries', { endpoint: other.id })).toBe(409);
  expect(await posthorn.post(event)).toMatchObject({ id: 'early', data: null, status: 'delivered' });
  expect(await statusOf('POST', '/v1/events', { ...event, data: 'other' })).toBe(409);
  expect(receiver.requests).toHaveLength(1);
  await posthorn.call('DELETE', `/v1/endpoints/${endpoint.id}`);
});

test('the payload of an event with an open delivery stays until that has settled', async () => {
  const receiver = await receiverThat(200);
  const endpoint = await posthorn.newEndpoint(receiver.url, { events: ['late.removed'] });
  await posthorn.call('POST', `/v1/endpoints/${endpoint.id}/pause`);
  await posthorn.post({ id: 'late', type: 'late.removed', data: 'plant' });
  await keepFor('1s');
  await eventually(async () => {
    await sweep();
    const { rowCount } = await posthorn.database.pool.query(
      `SELECT FROM payloads_kept WHERE event_id = 'late'`,
    );
    return rowCount === 1;
  });
  expect(await payloadOf('late')).toMatchObject({ data: 'plant', payloadRemovedAt: null });

  await posthorn.call('POST', `/v1/endpoints/${endpoint.id}/resume`);
  await posthorn.untilSettled('late');
  expect(receiver.requests[0]!.body.toString()).toContain('plant');
  await posthorn.database.pool.query('UPDATE payloads_kept SET check_at = now()');
  await sweep();

  expect(await payloadOf('late')).toMatchObject({ data: null });
  expect((await posthorn.database.pool.query('SELECT FROM payloads_kept')).rowCount).toBe(0);
});

test('a payload retention must be shorter than the retention, and can be switched off', async () => {
  expect(await statusOf('PATCH', '/v1/project', { payloadRetention: '30d' })).toBe(422);
  expect(await keepFor('29d')).toMatchObject({ payloadRetention: '29d' });
  expect(await keepFor(null)).toMatchObject({ payloadRetention: null });
  await posthorn.post({ id: 'kept', type: 'kept', data: 1 });
  await sweep();
  expect(await payloadOf('kept')).toMatchObject({ data: 1 });
});
