import { randomBytes } from 'node:crypto';
import { newestSecret } from '../../../src/secrets/secret-rotation.ts';
import { endpointSecretsContext } from '../../../src/store/endpoints/endpoints.ts';
import { type ApiCalls, createApiCalls } from '../../set-up/api-calls.ts';
import { startTestApi, type TestApi } from '../../set-up/test-api.ts';

const sampleReceiver = {
  url: 'http://127.0.0.1:9/webhooks',
  secret: `whsec_${randomBytes(32).toString('base64')}`,
};

let api: TestApi;
let call: ApiCalls['call'];
beforeAll(async () => {
  api = await startTestApi({ config: { sampleReceiver } });
  ({ call } = createApiCalls(api));
});
afterAll(() => api.close());

async function secretOf(project: string, endpoint: unknown): Promise<string> {
  const { rows } = await api.database.pool.query('SELECT secrets FROM endpoints WHERE id = $1', [endpoint]);
  return newestSecret(api.secretBox.open(rows[0].secrets, endpointSecretsContext(project, String(endpoint))));
}

test('an endpoint with the URL of the sample receiver gets its secret, which no response has', async () => {
  const { id: project, key } = await api.newProject();
  const { url, secret } = sampleReceiver;

  const made = await call('POST', '/v1/endpoints', key, { url });

  expect(made.status).toBe(201);
  expect(made.body).not.toHaveProperty('secret');
  expect(await secretOf(project, made.body.id)).toBe(secret);
  const session = await api.call('GET', '/v1/session', { key });
  expect(session.body).toMatchObject({ sampleReceiverUrl: url });
  expect(session.text).not.toContain(secret);
});

test('every other endpoint gets a secret of its own: another URL, a given secret, a consumer key, another profile', async () => {
  const { id: project, key } = await api.newProject();
  const { url, secret } = sampleReceiver;
  const other = await call('POST', '/v1/endpoints', key, { url: `${url}/other` });
  expect(other.body.secret).toMatch(/^whsec_/);
  expect(other.body.secret).not.toBe(secret);
  const given = `whsec_${randomBytes(32).toString('base64')}`;
  const own = await call('POST', '/v1/endpoints', key, { url, secret: given });
  expect(await secretOf(project, own.body.id)).toBe(given);

  const consumerKey = (await call('POST', '/v1/keys', key, { consumer: 'acme' })).body.key as string;
  const ofConsumer = await call('POST', '/v1/endpoints', consumerKey, { url });
  expect(ofConsumer.body.secret).toMatch(/^whsec_/);
  expect(ofConsumer.body.secret).not.toBe(secret);
  expect((await api.call('GET', '/v1/session', { key: consumerKey })).body).toMatchObject({
    sampleReceiverUrl: null,
  });

  const canvelete = await api.newProject();
  await call('PATCH', '/v1/project', canvelete.key, { profile: 'canvelete' });
  const ofOther = await call('POST', '/v1/endpoints', canvelete.key, { url });
  expect(await secretOf(canvelete.id, ofOther.body.id)).not.toBe(secret);
});
