import { createAddressGuard } from '../../../../src/egress/addresses/address-guard.ts';
import { createAuthorizedOutbound } from '../../../../src/egress/oauth/authorized-outbound.ts';
import type { OAuthClient } from '../../../../src/egress/oauth/client-credentials.ts';
import {
  createOutbound,
  type OutboundOptions,
  type OutboundResult,
} from '../../../../src/egress/outbound.ts';
import { certificate } from '../../../receivers/certificates.ts';
import {
  type ReceivedRequest,
  type Receiver,
  type ScriptStep,
  startReceiver,
} from '../../../receivers/receiver.ts';
import { respondJson, startTokenServer, type TokenServer } from '../../../receivers/token-server.ts';

let server: TokenServer;
let receiver: Receiver;
let closeOutbound: () => Promise<void>;
let answers: (request: ReceivedRequest) => number | Promise<number>;

beforeEach(async () => {
  server = await startTokenServer();
  answers = () => 200;
  receiver = await startReceiver([
    async (request, response) => {
      response.writeHead(await answers(request), { location: server.url }).end();
    },
  ]);
});
afterEach(async () => {
  await closeOutbound();
  await Promise.all([server.close(), receiver.close()]);
});

const clientOf = (tokenUrl: string, changes: Partial<OAuthClient['credentials']> = {}): OAuthClient => ({
  projectId: 'project',
  endpointId: 'ep',
  version: JSON.stringify({ tokenUrl, changes }),
  credentials: {
    tokenUrl,
    clientId: 'webhooks',
    clientSecret: 'very secret',
    scopes: [],
    audience: null,
    clientAuthentication: 'basic',
    ...changes,
  },
});

/** Sends attempts one after the other, with all the time that they need. */
function sender({
  allow = ['127.0.0.0/8'],
  ...options
}: Partial<OutboundOptions> & { allow?: string[] } = {}) {
  const outbound = createOutbound({ guard: createAddressGuard(allow), quietPeriodMs: 0, ...options });
  closeOutbound = outbound.close;
  const authorized = createAuthorizedOutbound({ outbound, now: Date.now });
  return (
    oauth: OAuthClient | undefined = clientOf(server.tokenUrl),
    { timeoutMs = 30_000, startWithinMs = 30_000 } = {},
  ): Promise<OutboundResult> =>
    authorized.post({
      url: receiver.url,
      headers: { 'webhook-id': 'evt' },
      body: Buffer.from('{}'),
      timeoutMs,
      startBy: performance.now() + startWithinMs,
      projectId: 'project',
      poolKey: 'ep',
      delivery: { id: 'dlv', attempt: 1, event: 'evt', type: 'a.b' },
      oauth,
    });
}

const codeOf = (result: OutboundResult): string =>
  result.kind === 'failed' ? `${result.outcome} ${result.error.code}` : result.kind;
const authorizations = () => receiver.requests.map(({ headers }) => headers.authorization);

test('the first attempt requests a token, and the next ones use it', async () => {
  const send = sender();
  for (let n = 0; n < 3; n++) expect(await send()).toMatchObject({ outcome: 'delivered', resent: false });

  const [token] = server.tokens;
  expect(server.requests).toHaveLength(1);
  expect(authorizations()).toEqual(Array(3).fill(`Bearer ${token}`));
  const [{ method, path, headers, body }] = server.requests as [ReceivedRequest];
  expect([method, path, body.toString()]).toEqual(['POST', '/token', 'grant_type=client_credentials']);
  expect(headers).toMatchObject({
    'content-type': 'application/x-www-form-urlencoded',
    accept: 'application/json',
    authorization: `Basic ${Buffer.from('webhooks:very+secret').toString('base64')}`,
  });
});

test('attempts at the same time share one token request', async () => {
  const send = sender();
  const attempts = Array.from({ length: 30 }, () => send());
  expect((await Promise.all(attempts)).map(codeOf)).toEqual(Array(30).fill('responded'));
  expect(server.requests).toHaveLength(1);
  expect(new Set(authorizations())).toEqual(new Set([`Bearer ${server.tokens[0]}`]));
});

test('an attempt without client credentials has no token', async () => {
  const send = sender();
  await send();
  const outbound = createOutbound({ guard: createAddressGuard(['127.0.0.0/8']) });
  const plain = createAuthorizedOutbound({ outbound, now: Date.now });
  await plain.post({
    url: receiver.url,
    headers: {},
    body: Buffer.from('{}'),
    timeoutMs: 30_000,
    startBy: performance.now() + 30_000,
    projectId: 'project',
    poolKey: 'ep',
    delivery: { id: 'dlv', attempt: 1, event: 'evt', type: 'a.b' },
  });
  await outbound.close();
  expect(authorizations()).toEqual([`Bearer ${server.tokens[0]}`, undefined]);
});

test('a token of an earlier attempt that gets 401 is replaced, and the request is sent again once', async () => {
  const send = sender();
  await send();
  answers = ({ headers }) => (headers.authorization === `Bearer ${server.tokens[0]}` ? 401 : 200);

  expect(await send()).toMatchObject({ outcome: 'delivered', statusCode: 200, resent: true });
  const [first, second] = server.tokens;
  expect(authorizations()).toEqual([`Bearer ${first}`, `Bearer ${first}`, `Bearer ${second}`]);
});

test('a receiver that refuses every token gets each request twice at most, and one more token', async () => {
  const send = sender();
  answers = () => 401;
  // The first token is new, so another one would not help.
  expect(await send()).toMatchObject({ outcome: 'rejected', statusCode: 401, resent: false });
  expect(await send()).toMatchObject({ outcome: 'rejected', statusCode: 401, resent: true });
  expect(await send()).toMatchObject({ outcome: 'rejected', statusCode: 401, resent: false });
  expect(receiver.requests).toHaveLength(4);
  expect(server.requests).toHaveLength(2);
});

test('if no other token can be had after a 401, the attempt fails for that reason', async () => {
  const send = sender();
  await send();
  answers = () => 401;
  server.respondWith(503);
  expect(codeOf(await send())).toBe('token_failed TOKEN_REFUSED');
});

test('after a 401 that came late, the request is not sent again, and the next attempt has the new token', async () => {
  const send = sender();
  await send();
  const { promise, resolve } = Promise.withResolvers<number>();
  answers = () => promise;
  const attempt = send(undefined, { startWithinMs: 300 });
  setTimeout(resolve, 600, 401);
  expect(await attempt).toMatchObject({ outcome: 'rejected', statusCode: 401, resent: false });
  expect(receiver.requests).toHaveLength(2);
  answers = ({ headers }) => (headers.authorization === `Bearer ${server.tokens[0]}` ? 401 : 200);
  expect(await send()).toMatchObject({ outcome: 'delivered' });
});

test('a token never follows a redirect to another origin', async () => {
  const send = sender();
  answers = () => 307;
  expect(await send()).toMatchObject({ outcome: 'rejected', statusCode: 307 });
  expect(server.requests.map(({ method, path }) => `${method} ${path}`)).toEqual(['POST /token']);
});

test('a token that comes too late for its attempt sends nothing, and the next attempt uses it', async () => {
  const send = sender();
  server.respondWith(async (request, response) => {
    await late.promise;
    await (server.grant as Exclude<ScriptStep, number>)(request, response);
  });
  const late = Promise.withResolvers<void>();
  const attempt = send(undefined, { startWithinMs: 300 });
  setTimeout(late.resolve, 600);

  expect(await attempt).toEqual({ kind: 'not_started' });
  expect(receiver.requests).toHaveLength(0);
  expect(await send()).toMatchObject({ outcome: 'delivered' });
  expect(server.requests).toHaveLength(1);
});

test('a token that comes too late and expires soon fails the attempt, which could repeat itself forever', async () => {
  const send = sender();
  const late = Promise.withResolvers<void>();
  server.respondWith(async (_request, response) => {
    await late.promise;
    response.writeHead(200).end(JSON.stringify({ access_token: 'abc', expires_in: 5 }));
  });
  const attempt = send(undefined, { startWithinMs: 300 });
  setTimeout(late.resolve, 600);
  expect(codeOf(await attempt)).toBe('token_failed TOKEN_EXPIRES_TOO_SOON');
});

test('a token server that does not respond fails the attempt at the end of its time, whoever requested the token', async () => {
  const send = sender();
  server.respondWith(() => {});
  const results = await Promise.all([
    send(undefined, { timeoutMs: 1_000 }),
    send(undefined, { timeoutMs: 200 }),
  ]);
  expect(results.map(codeOf)).toEqual(Array(2).fill('token_failed TOKEN_SERVER_TIMEOUT'));
  expect(receiver.requests).toHaveLength(0);
});

const huge: ScriptStep = (_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(`{"access_token":"abc","filler":"${'x'.repeat(100_000)}"}`);
};
const notHttp: ScriptStep = (_request, response) => void response.socket!.end('SSH-2.0-OpenSSH_9.9\r\n');

test.each<[string, ScriptStep, string]>([
  ['refuses the client', respondJson(401, { error: 'invalid_client' }), 'TOKEN_REFUSED'],
  ['has an error of its own', 503, 'TOKEN_REFUSED'],
  ['responds with a page', (_request, response) => void response.end('<html>'), 'TOKEN_RESPONSE_INVALID'],
  ['responds without end', huge, 'TOKEN_RESPONSE_INVALID'],
  ['does not speak HTTP', notHttp, 'TOKEN_RESPONSE_INVALID'],
  ['closes the connection', (_request, response) => void response.destroy(), 'TOKEN_SERVER_UNREACHABLE'],
])('no request is sent if the token server %s', async (_name, step, code) => {
  const send = sender();
  server.respondWith(step);
  const result = await send();
  expect(codeOf(result)).toBe(`token_failed ${code}`);
  expect(JSON.stringify(result)).not.toMatch(/very.secret/);
  expect(receiver.requests).toHaveLength(0);

  server.respondWith(null);
  expect(await send()).toMatchObject({ outcome: 'delivered' });
});

test('a token server that redirects gets no second request, and the target of the redirect none', async () => {
  const send = sender();
  server.respondWith((_request, response) => void response.writeHead(307, { location: receiver.url }).end());
  expect(codeOf(await send())).toBe('token_failed TOKEN_REDIRECTED');
  expect([server.requests.length, receiver.requests.length]).toEqual([1, 0]);
});

test('a token server at an address or a port that is not allowed is never asked', async () => {
  const send = sender({ allow: ['127.0.0.1/32'] });
  const port = new URL(server.url).port;
  for (const host of ['127.0.0.2', '169.254.169.254', '[::1]'])
    expect(codeOf(await send(clientOf(`http://${host}:${port}/token`)))).toBe(
      'token_failed TOKEN_SERVER_NOT_ALLOWED',
    );
  expect(server.requests).toHaveLength(0);
});

test('a name of a token server that leads to a private address is refused as well', async () => {
  const send = sender({ allow: ['127.0.0.1/32'], lookup: async () => ['10.0.0.1'] });
  expect(codeOf(await send(clientOf('http://login.example/token')))).toBe(
    'token_failed TOKEN_SERVER_NOT_ALLOWED',
  );
});

test('nothing listens at the port of the token server', async () => {
  const send = sender();
  const oauth = clientOf(server.tokenUrl);
  await server.close();
  const result = await send(oauth);
  expect(codeOf(result)).toBe('token_failed TOKEN_SERVER_UNREACHABLE');
  expect(result).toMatchObject({ error: { message: expect.stringMatching(/\(ECONNREFUSED\)$/) } });
});

test('a token server with a certificate that nobody trusts gets no credentials', async () => {
  const send = sender();
  const secured = await startTokenServer({ tls: certificate('trusted') });
  try {
    expect(codeOf(await send(clientOf(secured.tokenUrl)))).toBe('token_failed TOKEN_SERVER_TLS_FAILED');
    expect(secured.requests).toHaveLength(0);
  } finally {
    await secured.close();
  }
});
