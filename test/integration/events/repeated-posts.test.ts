import { standardWebhooks } from '../../../src/profiles/shipped/standard-webhooks.ts';
import { startTestApi, type TestApi } from '../../set-up/test-api.ts';

type Answer = {
  status: number;
  body: { id: string; body: string; code: string; errors: { pointer: string }[]; items: { id: string }[] };
};

let api: TestApi;
let key: string;
beforeAll(async () => {
  api = await startTestApi();
});
beforeEach(async () => {
  ({ key } = await api.newProject());
  await useWire();
});
afterAll(() => api.close());

const call = async (method: string, path: string, body?: unknown): Promise<Answer> =>
  (await api.call(method, path, { key, body })) as unknown as Answer;
const post = (event: object) => call('POST', '/v1/events', { type: 'a.b', ...event });
const postAll = (...events: object[]) =>
  call('POST', '/v1/events/batch', { events: events.map((event) => ({ type: 'a.b', ...event })) });

/** Puts the next version of the project's own profile in force. */
async function useWire(changes: object = {}): Promise<void> {
  await call('PUT', '/v1/profiles/wire', { ...standardWebhooks, name: 'wire', ...changes });
  expect(await call('PATCH', '/v1/project', { profile: 'wire' })).toMatchObject({ status: 200 });
}

const refusal = ({ status, body }: Answer) => ({
  status,
  code: body.code,
  pointers: body.errors.map(({ pointer }) => pointer),
});

test('an event that the profile can no longer compose is returned as stored, body included', async () => {
  const event = { id: 'lost-response', data: [1.0, 'not an object'] };
  const { body: stored } = await post(event);
  await useWire({ body: { type: '$type', '...': '$data' } });

  expect(await post(event)).toMatchObject({ status: 202, body: stored });
  expect(refusal(await post({ ...event, data: ['other'] }))).toEqual({
    status: 422,
    code: 'data_not_representable',
    pointers: ['/data'],
  });
  expect(refusal(await post({ ...event, id: 'other' })).code).toBe('data_not_representable');
  expect(refusal(await post({ data: event.data })).code).toBe('data_not_representable');
});

test("so is an event without the consumer and the attribute that the project's new profile requires", async () => {
  const event = { id: 'lost-response', data: {} };
  await post(event);
  await call('PATCH', '/v1/project', { profile: 'pausepoint' });
  expect(await post(event)).toMatchObject({ status: 202, body: { id: 'lost-response' } });
  expect(refusal(await post({ ...event, id: 'other' })).pointers).toEqual([
    '/consumer',
    '/attributes/pause_id',
  ]);
});

test('so is a target whose URL or secret the new profile would refuse', async () => {
  const secret = `whsec_${Buffer.alloc(24, 7).toString('base64')}`;
  const event = { id: 'lost-response', data: {}, target: { url: 'http://receiver.example', secret } };
  expect(await post(event)).toMatchObject({ status: 202 });

  await useWire({ urls: { httpsOnly: true, publicOnly: true } });
  expect(await post(event)).toMatchObject({ status: 202, body: { id: 'lost-response' } });
  expect(refusal(await post({ ...event, id: 'other' })).code).toBe('invalid_url');
  const elsewhere = { ...event.target, url: 'http://elsewhere.example' };
  expect(refusal(await post({ ...event, target: elsewhere })).code).toBe('invalid_url');

  await useWire({
    secret: { ...standardWebhooks.secret, min: 32, generated: { bytes: 32, encoding: 'base64' } },
  });
  expect(await post(event)).toMatchObject({ status: 202, body: { id: 'lost-response' } });
  expect(refusal(await post({ ...event, id: 'other' })).pointers).toEqual(['/target/secret']);
});

test('in a batch, stored events pass and new ones must satisfy the current profile', async () => {
  const stored = { id: 'stored', data: 'text' };
  await post(stored);
  await useWire({ body: { '...': '$data' } });

  const batch = await postAll(stored, { id: 'new', data: {} });
  expect(batch).toMatchObject({ status: 202, body: { items: [{ id: 'stored' }, { id: 'new' }] } });
  expect(
    refusal(await postAll({ id: 'one', data: 1 }, stored, { id: 'two', data: 2 }, { data: {} })),
  ).toEqual({
    status: 422,
    code: 'data_not_representable',
    pointers: ['/events/0/data', '/events/2/data'],
  });
  const { items } = (await call('GET', '/v1/events')).body;
  expect(items.map(({ id }) => id).sort()).toEqual(['new', 'stored']);
});
