import { createAddressGuard } from '../../../src/egress/addresses/address-guard.ts';
import { ADMIN_KEY, startTestApi, type TestApi } from '../../set-up/test-api.ts';

type Answer = { status: number; body: Record<string, unknown> & { errors?: Json[] } };
type Json = Record<string, unknown>;

let api: TestApi;
const keys = new Map<string, string>();

beforeAll(async () => {
  // As in production: no address is exempt from the profile's rules.
  api = await startTestApi({ guard: createAddressGuard([]) });
  for (const profile of [
    'standard-webhooks',
    'cmdcal',
    'canvelete',
    'pdf-gorilla',
    'pausepoint',
    'smartlyq',
  ]) {
    const made = await api.call('POST', '/v1/projects', { key: ADMIN_KEY, body: { name: profile, profile } });
    keys.set(profile, (made.body as { key: string }).key);
  }
});
afterAll(() => api.close());

const url = 'https://hooks.example.com/posthorn';
const SECRET = 'a-secret-of-more-than-16-characters';
/** What a registration needs besides the rule under test. */
const NEEDED: Record<string, Json> = {
  'pdf-gorilla': { secret: SECRET },
  pausepoint: { secret: SECRET, consumer: 'dev_1' },
};

const post = async (profile: string, path: string, body: Json): Promise<Answer> =>
  (await api.call('POST', path, { key: keys.get(profile)!, body })) as Answer;
const register = (profile: string, body: Json = {}): Promise<Answer> =>
  post(profile, '/v1/endpoints', { url, ...NEEDED[profile], ...body });
const refusal = ({ status, body }: Answer) => ({ status, code: body.code, ...body.errors?.[0] });
const refusedSecret = (detail: string, pointer = '/secret') => ({
  status: 422,
  code: 'invalid_body',
  pointer,
  detail,
});

describe('the secret of an endpoint', () => {
  test.each(['canvelete', 'smartlyq'])(
    'is made by %s, is shown once, and cannot be brought',
    async (profile) => {
      const made = await register(profile);
      expect(made).toMatchObject({ status: 201, body: { secret: expect.stringMatching(/^[0-9a-f]{64}$/) } });
      const read = await api.call('GET', `/v1/endpoints/${made.body.id}`, { key: keys.get(profile)! });
      expect(read.text).not.toContain(made.body.secret);
      expect(refusal(await register(profile, { secret: SECRET }))).toEqual(
        refusedSecret('must be left out: Posthorn makes the secret'),
      );
    },
  );

  test.each(['pdf-gorilla', 'pausepoint'])('must be brought to %s', async (profile) => {
    expect(await register(profile)).toMatchObject({ status: 201, body: { secret: SECRET } });
    expect(refusal(await register(profile, { secret: undefined }))).toEqual(
      refusedSecret('is required: the receiver brings the secret'),
    );
  });

  test.each(['cmdcal', 'standard-webhooks'])('may be brought to %s, or left to Posthorn', async (profile) => {
    const { body } = await register(profile);
    expect(await register(profile, { secret: body.secret })).toMatchObject({
      status: 201,
      body: { secret: body.secret },
    });
  });

  test.each([
    ['pausepoint', 'x'.repeat(15), 'is shorter than 16 characters'],
    ['pausepoint', '', 'is shorter than 16 characters'],
    ['pausepoint', 'x'.repeat(100_000 / 2), 'is longer than 512 characters'],
    ['pdf-gorilla', 'x'.repeat(513), 'is longer than 512 characters'],
    ['cmdcal', '', 'is shorter than 1 character'],
    ['standard-webhooks', `whsec_${'A'.repeat(88)}`, 'is longer than 64 bytes'],
    ['standard-webhooks', SECRET, 'does not begin with whsec_'],
  ])('is judged by %s in one sentence, and not repeated: %.20s', async (profile, secret, detail) => {
    const answer = await register(profile, { secret });
    expect(refusal(answer)).toEqual(refusedSecret(detail));
    if (secret) expect(JSON.stringify(answer.body)).not.toContain(secret);
  });

  test('is left out of the answers where an own profile does not show it', async () => {
    const { key } = await api.newProject();
    const { body: shipped } = await api.call('GET', '/v1/profiles/pdf-gorilla', { key });
    const { profile } = shipped as { profile: Json & { secret: Json } };
    const own = { ...profile, name: 'quiet', secret: { ...profile.secret, shownOnce: false } };
    const made = { ...own, secret: { ...own.secret, brought: 'optional' } };
    expect(await api.call('PUT', '/v1/profiles/quiet', { key, body: made })).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '/secret/shownOnce' }] },
    });
    expect((await api.call('PUT', '/v1/profiles/quiet', { key, body: own })).status).toBe(200);
    await api.call('PATCH', '/v1/project', { key, body: { profile: 'quiet' } });

    const endpoint = await api.call('POST', '/v1/endpoints', { key, body: { url, secret: SECRET } });
    const { id } = endpoint.body as { id: string };
    const webhook = { url, events: ['*'], secret: SECRET };
    const answers = [
      endpoint,
      await api.call('POST', '/v1/webhooks', { key, body: webhook }),
      await api.call('POST', `/v1/endpoints/${id}/rotate-secret`, { key, body: { secret: SECRET } }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 200]);
    for (const { text } of answers) expect(text).not.toContain('secret');
  });

  test('of 512 characters will do for PDF Gorilla, and of 16 for PausePoint', async () => {
    // Characters, not units of UTF-16.
    expect((await register('pdf-gorilla', { secret: '📯'.repeat(512) })).status).toBe(201);
    expect((await register('pausepoint', { secret: 'x'.repeat(16) })).status).toBe(201);
  });
});

describe('the URL of an endpoint', () => {
  test.each(['pdf-gorilla', 'pausepoint', 'smartlyq'])('must be https with %s', async (profile) => {
    expect(refusal(await register(profile, { url: 'http://hooks.example.com/' }))).toEqual({
      status: 422,
      code: 'invalid_url',
      pointer: '/url',
      detail: 'the URL must begin with https://',
    });
    const { id } = (await register(profile)).body;
    const changed = await api.call('PATCH', `/v1/endpoints/${id}`, {
      key: keys.get(profile)!,
      body: { url: 'http://hooks.example.com/' },
    });
    expect(changed).toMatchObject({ status: 422, body: { code: 'invalid_url' } });
  });

  test.each(['cmdcal', 'canvelete', 'standard-webhooks'])('may be http with %s', async (profile) => {
    expect((await register(profile, { url: 'http://hooks.example.com/' })).status).toBe(201);
  });

  test.each([
    ['https://hooks.example.com/a?', 'https://hooks.example.com/a?'],
    ['https://HOOKS.Example.com:443/%7e/a|b?x=\'^"', 'https://hooks.example.com/%7e/a|b?x=%27^%22'],
    ['https://bücher.example/ü/../b?ü', 'https://xn--bcher-kva.example/b?%C3%BC'],
  ])('is shown by every answer as it will be sent: %s', async (asked, shown) => {
    const key = keys.get('standard-webhooks')!;
    const made = await register('standard-webhooks', { url: asked });
    const { id } = made.body;
    const webhook = await post('standard-webhooks', '/v1/webhooks', { url: asked, events: ['*'] });
    const changed = await api.call('PATCH', `/v1/endpoints/${id}`, { key, body: { url: asked } });
    const again = await api.call('PATCH', `/v1/endpoints/${id}`, { key, body: { url: shown } });
    const read = await api.call('GET', `/v1/endpoints/${id}`, { key });
    for (const { body } of [made, webhook, changed, again, read]) expect(body).toMatchObject({ url: shown });
  });

  test('with a user name is refused with the word for what to do instead', async () => {
    const asked = 'https://user:secret@hooks.example.com/';
    const answer = await register('standard-webhooks', { url: asked });
    expect(refusal(answer)).toMatchObject({
      status: 422,
      detail: expect.stringContaining('Authorization header'),
    });
    expect(JSON.stringify(answer.body)).not.toContain('secret@');
  });

  test.each(['cmdcal', 'canvelete', 'pdf-gorilla', 'pausepoint', 'smartlyq', 'standard-webhooks'])(
    'must be public with %s',
    async (profile) => {
      for (const host of ['10.0.0.1', 'localhost', '[::1]']) {
        expect(refusal(await register(profile, { url: `https://${host}/` }))).toMatchObject({
          status: 422,
          code: 'invalid_url',
          pointer: '/url',
        });
      }
    },
  );
});

test('an endpoint without a consumer, which no event could reach, is refused by a profile that names the consumer', async () => {
  expect(refusal(await register('pausepoint', { consumer: undefined }))).toMatchObject({
    status: 422,
    code: 'invalid_body',
    pointer: '/consumer',
    detail: expect.stringMatching(/^is required by the profile/),
  });
  expect((await register('smartlyq')).status).toBe(201);
});

describe('the target of an event', () => {
  const job = { type: 'job.canceled', data: { status: 'canceled', error: null } };
  const target = { url, secret: SECRET };
  const send = (sentTo: Json) => post('pdf-gorilla', '/v1/events', { ...job, target: sentTo });

  test('is taken with a URL and a secret, whoever makes the secrets of endpoints', async () => {
    expect(await send(target)).toMatchObject({ status: 202, body: { deliveryCount: 1 } });
    const withCanvelete = await post('canvelete', '/v1/events', { type: 'a', data: {}, target });
    expect(withCanvelete.status).toBe(202);
  });

  test('is shown by every answer as it will be sent, without its secret', async () => {
    const asked = { url: 'https://HOOKS.example.com:443/a/../b?', secret: SECRET };
    const shown = { target: { url: 'https://hooks.example.com/b?' } };
    const key = keys.get('pdf-gorilla')!;
    const made = await send(asked);
    const batch = await post('pdf-gorilla', '/v1/events/batch', { events: [{ ...job, target: asked }] });
    const read = await api.call('GET', `/v1/events/${made.body.id}`, { key });
    const list = await api.call('GET', '/v1/events?limit=1', { key });
    expect([made.body, read.body]).toEqual([expect.objectContaining(shown), expect.objectContaining(shown)]);
    expect([batch.body.items, (list.body as Json).items]).toEqual([
      [expect.objectContaining(shown)],
      [expect.objectContaining(shown)],
    ]);
    for (const { body } of [made, batch, read, list]) expect(JSON.stringify(body)).not.toContain(SECRET);
  });

  test.each([
    [{ url }, 'is required with the URL'],
    [{ url, secret: '' }, 'is shorter than 1 character'],
    [{ url, secret: 'x'.repeat(513) }, 'is longer than 512 characters'],
  ])('without a secret that will do is refused', async (sentTo, detail) => {
    expect(refusal(await send(sentTo))).toEqual(refusedSecret(detail, '/target/secret'));
    const batch = {
      events: [
        { ...job, target },
        { ...job, target: sentTo },
      ],
    };
    expect(refusal(await post('pdf-gorilla', '/v1/events/batch', batch))).toEqual(
      refusedSecret(detail, '/events/1/target/secret'),
    );
  });

  test.each([
    ['http://hooks.example.com/', 'must begin with https://'],
    ['http://localhost/', 'must begin with https://'],
    ['ftp://hooks.example.com/', 'must begin with https:// or http://'],
    ['https://localhost/', 'names a host that is not on the public internet'],
    ['https://a.localhost./', 'names a host that is not on the public internet'],
    ['https://printer.local/', 'names a host that is not on the public internet'],
    ['https://db.internal/', 'names a host that is not on the public internet'],
    ['https://intranet/', 'names a host that is not on the public internet'],
    ['https://127.0.0.1/', 'names an address that is not public'],
    ['https://127.1/', 'names an address that is not public'],
    ['https://2130706433/', 'names an address that is not public'],
    ['https://0x7f.1/', 'names an address that is not public'],
    ['https://10.1.2.3/', 'names an address that is not public'],
    ['https://172.16.0.1/', 'names an address that is not public'],
    ['https://192.168.0.1/', 'names an address that is not public'],
    ['https://100.64.0.1/', 'names an address that is not public'],
    ['https://169.254.169.254/latest', 'names an address that is not public'],
    ['https://0.0.0.0/', 'names an address that is not public'],
    ['https://[::]/', 'names an address that is not public'],
    ['https://[::1]/', 'names an address that is not public'],
    ['https://[fe80::1]/', 'names an address that is not public'],
    ['https://[fd00::1]/', 'names an address that is not public'],
    ['https://[::ffff:127.0.0.1]/', 'names an address that is not public'],
    ['https://[::ffff:a00:1]/', 'names an address that is not public'],
    ['https://[64:ff9b::7f00:1]/', 'names an address that is not public'],
    ['https://[2002:7f00:1::]/', 'names an address that is not public'],
    [
      'https://[fe80::1%25eth0]/',
      'names an IPv6 address that is not valid: it stands in brackets and has no zone',
    ],
    ['https://user:secret@hooks.example.com/', 'must not contain a user name or a password'],
    ['https://hooks.example.com\\@10.0.0.1/', 'contains a space, a control character or a backslash'],
  ])('may not be %s', async (bad, detail) => {
    expect(refusal(await send({ url: bad, secret: SECRET }))).toEqual({
      status: 422,
      code: 'invalid_url',
      pointer: '/target/url',
      detail: `the URL ${detail}`,
    });
  });
});
