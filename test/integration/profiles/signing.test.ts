import { type SigningProfile, verifyWebhook } from '../../../sdk/typescript/src/index.ts';
import { createShippedProfiles } from '../../../src/profiles/shipped/registry.ts';
import { api, call, type Json, newName, put, refusal } from './profiles-set-up.ts';

type Preview = { headers: Record<string, string>; body: string; secret: string; consumer: string | null };
type Signing = SigningProfile & { profile: string; version: number };

const shipped = createShippedProfiles();
const preview = (key: string, type: string, event?: unknown) =>
  call<Preview>('POST', `/v1/event-types/${type}/preview`, key, event);
const signingOf = async (key: string) => (await call<Signing>('GET', '/v1/signing', key)).body;

/** A project under the profile, with an event type of its own that has an example, and the key of a consumer. */
async function projectUnder(profile: string) {
  const { key } = await api.newProject();
  expect((await call('PATCH', '/v1/project', key, { profile })).status).toBe(200);
  const example = Object.assign({ n: 1 }, shipped.get(profile)?.eventTypes[0]?.example);
  const settings = { description: 'x', schema: null, example, exampleAttributes: { status: 'failed' } };
  await call('PUT', '/v1/event-types/own.type', key, settings);
  const consumer = (await call<{ key: string }>('POST', '/v1/keys', key, { consumer: 'acme' })).body.key;
  return { key, consumer };
}

test.each(shipped.names())(
  'under %s, a consumer sees how requests are signed and a request that verifies so',
  async (name) => {
    const { consumer } = await projectUnder(name);
    const { eventTypes } = shipped.get(name)!;
    const type = eventTypes.find(({ example }) => example !== undefined)?.name ?? 'own.type';
    const { status, body } = await preview(consumer, type);
    expect({ status, consumer: body.consumer }).toEqual({ status: 200, consumer: 'acme' });

    const profile = await signingOf(consumer);
    expect(profile).toMatchObject({ profile: name, version: 1 });
    const request = { payload: body.body, headers: body.headers, profile };
    expect(verifyWebhook({ ...request, secret: body.secret })).toBe(true);
    expect(verifyWebhook({ ...request, payload: `${body.body} `, secret: body.secret })).toBe(false);
  },
);

test('the signature scheme is that of the newest version of the profile, with the headers that verification needs', async () => {
  const { key } = await api.newProject();
  const name = newName();
  const headers = { 'x-id': '$id', 'x-static': 'none', 'x-type': '$type', 'x-signature': '$signature' };
  await put(key, name, { headers });
  await call('PATCH', '/v1/project', key, { profile: name });
  expect(await signingOf(key)).toMatchObject({
    ...{ profile: name, version: 1 },
    headers: { 'x-id': '$id', 'x-signature': '$signature' },
    signature: { algorithm: 'hmac-sha256', whileRotating: 'all' },
    secret: { key: 'base64AfterPrefix', prefix: 'whsec_', source: 'either', min: 24 },
  });
  await put(key, name, { headers: { 'x-signature': '$signature' } });
  expect(await signingOf(key)).toMatchObject({ version: 2, headers: { 'x-signature': '$signature' } });
});

test('the preview of a type composes the data that it is given byte for byte, and stores nothing', async () => {
  const { key, consumer } = await projectUnder('standard-webhooks');
  const { body } = await preview(key, 'a.b', '{"data": {"b" : 1.0, "a":12345678901234567890}}');
  expect(body.body).toContain('"data":{"b" : 1.0, "a":12345678901234567890}');
  expect((await preview(key, 'own.type')).body).toMatchObject({ attributes: { status: 'failed' } });
  expect(await refusal('POST', '/v1/event-types/a.b/preview', key)).toMatchObject({
    status: 422,
    pointers: ['/data'],
  });
  const other = await preview(consumer, 'own.type', { consumer: 'other' });
  expect(other.status).toBe(403);
  expect((await call<Json>('GET', '/v1/events', key)).body.items).toEqual([]);
});
