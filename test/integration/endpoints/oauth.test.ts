import { randomBytes } from 'node:crypto';
import { type ReceivedRequest, type Receiver, startReceiver } from '../../receivers/receiver.ts';
import { respondJson, startTokenServer, type TokenServer } from '../../receivers/token-server.ts';
import { eventually } from '../../set-up/eventually.ts';
import { startTestPosthorn, type TestPosthorn } from '../../set-up/test-posthorn.ts';

const oldKey = randomBytes(32);
const SECRET = `secret${randomBytes(12).toString('hex')}`;

let posthorn: TestPosthorn;
let server: TokenServer;
let receiver: Receiver;
/** The status for a request. */
let answers: (request: ReceivedRequest) => number;

beforeAll(async () => {
  receiver = await startReceiver([
    (request, response) => void response.writeHead(answers(request)).end('thanks'),
  ]);
  posthorn = await startTestPosthorn({ encryptionKey: oldKey });
  await posthorn.call('PATCH', '/v1/project', { policy: { timeout: '30s', delays: Array(10).fill('1s') } });
});
beforeEach(async () => {
  answers = () => 200;
  server = await startTokenServer();
});
afterEach(() => server.close());
afterAll(async () => {
  await posthorn.close();
  await receiver.close();
});

type OAuth = { tokenUrl: string; clientId: string; scopes: string[]; audience: string | null };
type OAuthEndpoint = { id: string; oauth: OAuth | null };
type Attempt = {
  outcome: string;
  statusCode: number | null;
  resent: boolean;
  request: { headers: Record<string, string> };
  error: { code: string; message: string } | null;
};

const credentials = () => ({ tokenUrl: server.tokenUrl, clientId: 'webhooks', clientSecret: SECRET });

let types = 0;
/** An endpoint with a type of its own. */
async function newEndpoint(
  oauth: object = credentials(),
  settings: object = {},
): Promise<OAuthEndpoint & { type: string }> {
  const type = `type.${types++}`;
  const body = { url: receiver.url, events: [type], oauth, ...settings };
  return { ...(await posthorn.call<OAuthEndpoint>('POST', '/v1/endpoints', body)), type };
}

const refusal = async (method: string, path: string, body: object) => {
  const { key } = posthorn.project;
  const { status, body: problem } = await posthorn.client.call(method, path, { key, body });
  const { code, errors = [] } = problem as { code: string; errors?: { pointer: string }[] };
  return [status, code, ...errors.map(({ pointer }) => pointer)].join(' ');
};

/** The header `Authorization` of each request for an event of the type, which is delivered. */
async function authorizationsFor(type: string, at: TestPosthorn = posthorn): Promise<(string | undefined)[]> {
  const { id } = await at.post({ type, data: {} });
  expect(await at.untilSettled(id)).toMatchObject({ status: 'delivered' });
  return requestsOf(id).map(({ headers }) => headers.authorization);
}

const requestsOf = (event: string): ReceivedRequest[] =>
  receiver.requests.filter(({ headers }) => headers['webhook-id'] === event);

const attemptsOf = async (delivery: string) => (await posthorn.attemptsOf(delivery)) as unknown as Attempt[];

async function firstAttemptOf(type: string): Promise<Attempt & { event: string }> {
  const { id, deliveries } = await posthorn.post({ type, data: {} });
  const delivery = deliveries[0]!.id;
  await eventually(async () => (await posthorn.attemptsOf(delivery)).length > 0);
  await posthorn.client.call('POST', `/v1/deliveries/${delivery}/cancel`, { key: posthorn.project.key });
  return { ...(await attemptsOf(delivery))[0]!, event: id };
}

test('events are delivered with one token, and neither the endpoint nor an attempt shows it or the secret', async () => {
  const oauth = { ...credentials(), scopes: ['events.write', 'a'], audience: 'receiver' };
  const { id, type } = await newEndpoint(oauth);
  const event = await posthorn.post({ type, data: {} });
  expect(await posthorn.untilSettled(event.id)).toMatchObject({ status: 'delivered' });
  const bearer = `Bearer ${server.tokens.at(-1)}`;
  expect(requestsOf(event.id).at(-1)!.headers.authorization).toBe(bearer);
  expect(await authorizationsFor(type)).toEqual([bearer]);
  expect(Object.fromEntries(new URLSearchParams(server.requests[0]!.body.toString()))).toEqual({
    grant_type: 'client_credentials',
    scope: 'events.write a',
    audience: 'receiver',
  });

  const found = await posthorn.call<OAuthEndpoint>('GET', `/v1/endpoints/${id}`);
  const { clientSecret: _, ...shown } = oauth;
  expect(found.oauth).toEqual({ ...shown, clientAuthentication: 'basic' });
  const attempts = await attemptsOf(event.deliveries[0]!.id);
  expect(attempts.at(-1)!.request.headers.authorization).toBe('••••');
  for (const body of [found, attempts, await posthorn.call('GET', '/v1/endpoints')])
    for (const secret of [SECRET, ...server.tokens]) expect(JSON.stringify(body)).not.toContain(secret);
});

test('many events at once request one token, although the token server takes its time', async () => {
  const { type } = await newEndpoint();
  const { promise, resolve } = Promise.withResolvers<void>();
  server.respondWith(async (request, response) => {
    await promise;
    if (typeof server.grant === 'function') await server.grant(request, response);
  });
  const events = await Promise.all(
    Array.from({ length: 20 }, (_, n) => posthorn.post({ type, data: { n } })),
  );
  await server.untilReceived(1);
  resolve();
  for (const { id } of events) expect(await posthorn.untilSettled(id)).toMatchObject({ status: 'delivered' });
  expect(server.tokens).toHaveLength(1);
});

test('a token that has expired is not sent again', async () => {
  await server.close();
  server = await startTokenServer({ expiresIn: 0 });
  const { type } = await newEndpoint();
  const [first] = await authorizationsFor(type);
  const [second] = await authorizationsFor(type);
  expect(first).toMatch(/^Bearer token/);
  expect(second).toMatch(/^Bearer token/);
  expect(second).not.toBe(first);
});

test('a token that the receiver refuses is replaced within the attempt', async () => {
  const { type } = await newEndpoint();
  await authorizationsFor(type);
  const revoked = server.tokens.map((token) => `Bearer ${token}`);
  answers = ({ headers }) => (revoked.includes(headers.authorization!) ? 401 : 200);

  const event = await posthorn.post({ type, data: {} });
  expect(await posthorn.untilSettled(event.id)).toMatchObject({ status: 'delivered' });
  const attempt = (await attemptsOf(event.deliveries[0]!.id)).at(-1)!;
  expect(attempt).toMatchObject({ outcome: 'delivered', statusCode: 200 });
  expect(requestsOf(event.id).map(({ headers }) => headers.authorization)).toEqual([
    revoked.at(-1),
    `Bearer ${server.tokens.at(-1)}`,
  ]);
});

test('without a token nothing is sent, the attempt says why, and a retry has the token that is then granted', async () => {
  const { type } = await newEndpoint();
  server.respondWith(
    respondJson(401, { error: 'invalid_client', error_description: `the secret ${SECRET} is not known` }),
  );
  const { id, deliveries } = await posthorn.post({ type, data: {} });
  const delivery = deliveries[0]!.id;
  await eventually(async () => (await posthorn.attemptsOf(delivery)).length > 0);
  const [attempt] = await attemptsOf(delivery);
  expect(attempt).toMatchObject({
    outcome: 'token_failed',
    statusCode: null,
    error: {
      code: 'TOKEN_REFUSED',
      message: expect.stringMatching(/\(status 401, invalid_client\)$/),
    },
  });
  expect(requestsOf(id)).toHaveLength(0);

  server.respondWith(null);
  expect(await posthorn.untilSettled(id)).toMatchObject({ status: 'delivered' });
  expect(requestsOf(id)).toHaveLength(1);
});

test('a token server that is down fails the attempt', async () => {
  const { type } = await newEndpoint();
  await server.close();
  const { outcome, error, event } = await firstAttemptOf(type);
  expect(outcome).toBe('token_failed');
  expect(error!.code).toBe('TOKEN_SERVER_UNREACHABLE');
  expect(requestsOf(event)).toHaveLength(0);
});

test('a change leaves out what stays; another token server needs the secret anew, and null removes all', async () => {
  const { id, type } = await newEndpoint({ ...credentials(), scopes: ['a'], audience: 'b' });
  const path = `/v1/endpoints/${id}`;
  const other = await startTokenServer();
  try {
    const { tokenUrl } = other;
    expect(await refusal('PATCH', path, { oauth: { tokenUrl } })).toBe(
      '422 invalid_body /oauth/clientSecret',
    );
    await authorizationsFor(type);
    expect(other.requests).toHaveLength(0);

    await posthorn.call('PATCH', path, { oauth: { scopes: null, clientAuthentication: 'body' } });
    const same = { tokenUrl: server.tokenUrl };
    expect(await posthorn.call('PATCH', path, { oauth: { ...same, audience: 'c' } })).toMatchObject({
      oauth: { ...same, clientId: 'webhooks', scopes: [], audience: 'c', clientAuthentication: 'body' },
    });
    expect(await authorizationsFor(type)).toEqual([`Bearer ${server.tokens.at(-1)}`]);
    expect(Object.fromEntries(new URLSearchParams(server.requests.at(-1)!.body.toString()))).toEqual({
      grant_type: 'client_credentials',
      audience: 'c',
      client_id: 'webhooks',
      client_secret: SECRET,
    });

    const secret = 'another secret';
    await posthorn.call('PATCH', path, { oauth: { tokenUrl, clientSecret: secret } });
    expect(await authorizationsFor(type)).toEqual([`Bearer ${other.tokens.at(-1)}`]);
    const sent = other.requests.map(({ headers, body }) => `${JSON.stringify(headers)} ${body}`).join();
    expect(sent).toContain('another+secret');
    expect(sent).not.toContain(SECRET);

    expect(await posthorn.call('PATCH', path, { oauth: null })).toMatchObject({ oauth: null });
    expect(await authorizationsFor(type)).toEqual([undefined]);
  } finally {
    await other.close();
  }
});

test('what cannot be used is refused and changes nothing', async () => {
  const { id } = await newEndpoint();
  const path = `/v1/endpoints/${id}`;
  const plain = await posthorn.newEndpoint(receiver.url, {
    events: ['plain'],
    headers: { Authorization: 'Bearer own' },
  });
  const oauth = credentials();
  const headers = { AUTHORIZATION: 'Bearer own' };
  const { id: listener } = await posthorn.call<{ id: string }>('POST', '/v1/listeners', { label: 'here' });

  for (const [method, target, body, expected] of [
    ['PATCH', path, { headers }, '422 invalid_body /oauth'],
    ['PATCH', `/v1/endpoints/${plain.id}`, { oauth }, '422 invalid_body /oauth'],
    ['PATCH', `/v1/endpoints/${listener}`, { oauth }, '422 invalid_body /oauth'],
    ['POST', '/v1/endpoints', { url: receiver.url, headers, oauth }, '422 invalid_body /oauth'],
    [
      'PATCH',
      path,
      { oauth: { tokenUrl: 'http://10.0.0.1/', clientSecret: 'x' } },
      '422 invalid_url /oauth/tokenUrl',
    ],
    [
      'PATCH',
      path,
      { oauth: { tokenUrl: 'ftp://127.0.0.1/', clientSecret: 'x' } },
      '422 invalid_url /oauth/tokenUrl',
    ],
    ['PATCH', path, { oauth: { clientSecret: '••••' } }, '422 invalid_body /oauth/clientSecret'],
    ['PATCH', path, { oauth: { scopes: ['a b'] } }, '422 invalid_body /oauth/scopes/0'],
  ] as const)
    expect([body, await refusal(method, target, body)]).toEqual([body, expected]);
  const bare = await posthorn.newEndpoint(receiver.url, { events: ['bare'] });
  expect(await refusal('PATCH', `/v1/endpoints/${bare.id}`, { oauth: { clientId: 'a' } })).toBe(
    '422 invalid_body /oauth/tokenUrl',
  );

  const found = await posthorn.call<OAuthEndpoint>('GET', path);
  expect(found.oauth).toMatchObject({ tokenUrl: server.tokenUrl, scopes: [] });
  // Together they do not collide.
  await posthorn.call('PATCH', path, { headers, oauth: null });
  await posthorn.call('PATCH', path, { headers: null, oauth });
});

test('a consumer sets the credentials of its own endpoints, and those of another consumer are out of its reach', async () => {
  const keyOf = async (consumer: string) =>
    (await posthorn.call<{ key: string }>('POST', '/v1/keys', { consumer })).key;
  const [own, other] = [await keyOf('oauth-own'), await keyOf('oauth-other')];
  const body = { url: receiver.url, events: ['consumer'], oauth: credentials() };

  const created = await posthorn.client.call('POST', '/v1/endpoints', { key: own, body });
  expect(created).toMatchObject({ status: 201, body: { oauth: { clientId: 'webhooks' } } });
  expect(created.text).not.toContain(SECRET);
  const change = (key: string) =>
    posthorn.client.call('PATCH', `/v1/endpoints/${(created.body as OAuthEndpoint).id}`, {
      key,
      body: { oauth: { tokenUrl: 'http://127.0.0.1:1/', clientSecret: 'x' } },
    });
  expect(await change(other)).toMatchObject({ status: 404 });
  expect(await change(own)).toMatchObject({ status: 200 });
});

test('the same registration returns the endpoint, and one with another secret is a conflict', async () => {
  const body = {
    uid: `oauth ${server.port}`.replace(' ', '-'),
    url: receiver.url,
    events: ['uid'],
    oauth: credentials(),
  };
  const { id } = await posthorn.call<OAuthEndpoint>('POST', '/v1/endpoints', body);
  expect(await posthorn.call('POST', '/v1/endpoints', body)).toMatchObject({ id });
  const other = { ...body, oauth: { ...body.oauth, clientSecret: 'other' } };
  expect(await refusal('POST', '/v1/endpoints', other)).toBe('409 uid_conflict /oauth');
  const { oauth: _, ...without } = body;
  expect(await refusal('POST', '/v1/endpoints', without)).toBe('409 uid_conflict /oauth');
});

test('two changes at the same time are made one after the other', async () => {
  const { id } = await newEndpoint();
  const path = `/v1/endpoints/${id}`;
  await Promise.all([
    posthorn.call('PATCH', path, { oauth: { scopes: ['one'] } }),
    posthorn.call('PATCH', path, { oauth: { audience: 'two' } }),
    posthorn.call('PATCH', path, { oauth: { clientId: 'three' } }),
  ]);
  expect(await posthorn.call('GET', path)).toMatchObject({
    oauth: { scopes: ['one'], audience: 'two', clientId: 'three' },
  });
});

test('a deleted endpoint keeps nothing of it', async () => {
  const { id } = await newEndpoint();
  const { key } = posthorn.project;
  expect(await posthorn.client.call('DELETE', `/v1/endpoints/${id}`, { key })).toMatchObject({ status: 204 });
  const { rows } = await posthorn.database.pool.query('SELECT oauth FROM endpoints WHERE id = $1', [id]);
  expect(rows).toEqual([{ oauth: null }]);
});

test('a new encryption key before the old one opens what the old one sealed', async () => {
  const { type } = await newEndpoint();
  const { database, project } = posthorn;
  const settings = { encryptionKeys: [randomBytes(32), oldKey] };
  const later = await startTestPosthorn({ database, settings });
  try {
    const { key } = project;
    const { body } = await later.client.call('POST', '/v1/events', { key, body: { type, data: {} } });
    const { id } = body as { id: string };
    await eventually(async () => requestsOf(id).length > 0);
    expect(server.tokens.map((token) => `Bearer ${token}`)).toContain(
      requestsOf(id)[0]!.headers.authorization,
    );
  } finally {
    await later.close();
  }
});
