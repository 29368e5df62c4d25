import { createAccessTokens, type TokenRequestResult } from '../../../../src/egress/oauth/access-tokens.ts';
import type { OAuthClient } from '../../../../src/egress/oauth/client-credentials.ts';
import type { OutboundRequest, OutboundResult } from '../../../../src/egress/outbound.ts';

const client = (version = 'one', endpointId = 'ep'): OAuthClient => ({
  projectId: 'project',
  endpointId,
  version,
  credentials: {
    tokenUrl: 'https://login.example/token',
    clientId: 'id',
    clientSecret: version,
    scopes: [],
    audience: null,
    clientAuthentication: 'basic',
  },
});

const responded = (body: unknown, statusCode = 200): OutboundResult => ({
  kind: 'responded',
  outcome: statusCode === 200 ? 'delivered' : 'rejected',
  statusCode,
  headers: {},
  body: Buffer.from(JSON.stringify(body)),
  truncated: false,
  resent: false,
  startedAt: new Date(),
  durationMs: 20,
});

/** A token server that grants `token 1`, `token 2` and so on, or gives the results set. */
function tokenServer(expires_in: unknown) {
  const requests: OutboundRequest[] = [];
  const results: OutboundResult[] = [];
  const observed: TokenRequestResult[] = [];
  const post = async (request: OutboundRequest): Promise<OutboundResult> => {
    requests.push(request);
    return results.shift() ?? responded({ access_token: `token${requests.length}`, expires_in });
  };
  const tokens = createAccessTokens({ post }, { onRequest: (result) => observed.push(result) });
  return { requests, results, tokens, observed };
}

const tokenOf = async (access: Promise<{ kind: string; token?: string }> | null) => (await access)?.token;

beforeEach(() => void jest.useFakeTimers({ now: 0 }));
afterEach(() => void jest.useRealTimers());
const pass = (seconds: number) => jest.advanceTimersByTime(seconds * 1_000);

test.each<[string, unknown, number]>([
  ['an hour', 3_600, 3_570],
  ['100 s', 100, 80],
  ['a time that is not given', undefined, 270],
  ['a year', 365 * 86_400, 86_370],
])('a token for %s is used until shortly before its end', async (_name, expiresIn, usableSeconds) => {
  const { tokens, requests } = tokenServer(expiresIn);
  expect(tokens.known(client())).toBeUndefined();
  await tokens.request(client(), 1_000);
  pass(usableSeconds - 1);
  expect(tokens.known(client())).toBe('token1');
  pass(2);
  expect(tokens.known(client())).toBeUndefined();
  expect(requests).toHaveLength(1);
});

test('a token that is valid for no time is given once and not kept', async () => {
  const { tokens } = tokenServer(0);
  expect(await tokenOf(tokens.request(client(), 1_000))).toBe('token1');
  expect(tokens.known(client())).toBeUndefined();
});

test('requests at the same time are one, and after other credentials another', async () => {
  const { tokens, requests } = tokenServer(3_600);
  const shared = Array.from({ length: 100 }, () => tokenOf(tokens.request(client(), 1_000)));
  const others = Array.from({ length: 100 }, () => tokenOf(tokens.request(client('two'), 1_000)));
  const neighbour = tokenOf(tokens.request(client('one', 'ep_2'), 1_000));

  expect(new Set(await Promise.all(shared))).toEqual(new Set(['token1']));
  expect(new Set(await Promise.all(others))).toEqual(new Set(['token2']));
  expect(await neighbour).toBe('token3');
  expect(requests.map(({ poolKey }) => poolKey)).toEqual(['ep token', 'ep token', 'ep_2 token']);
  expect(tokens.known(client('one'))).toBeUndefined();
  expect(tokens.known(client('two'))).toBe('token2');
});

test('a failure is not kept: the next request asks the token server again', async () => {
  const { tokens, results } = tokenServer(3_600);
  results.push(responded({ error: 'invalid_client' }, 401));
  expect(await tokens.request(client(), 1_000)).toMatchObject({
    kind: 'failed',
    failure: { outcome: 'token_failed', error: { code: 'TOKEN_REFUSED' } },
  });
  expect(await tokenOf(tokens.request(client(), 1_000))).toBe('token2');
});

test('what keeps a request from being sent is passed on; the delivery itself was not sent', async () => {
  const { tokens, results } = tokenServer(3_600);
  results.push({ kind: 'not_started' }, { kind: 'proxy_failed', forMs: 5, maybeSent: true });
  expect(await tokens.request(client(), 1_000)).toEqual({ kind: 'not_started' });
  expect(await tokens.request(client(), 1_000)).toEqual({
    kind: 'proxy_failed',
    forMs: 5,
    maybeSent: false,
  });
});

test('each request that a token server got or could have got is observed once, with what became of it', async () => {
  const { tokens, results, observed } = tokenServer(3_600);
  const timing = { statusCode: null, resent: false, startedAt: new Date(), durationMs: 7 };
  results.push(
    { kind: 'not_started' },
    { kind: 'proxy_failed', forMs: 5, maybeSent: true },
    responded({ error: 'invalid_client' }, 401),
    responded({ access_token: 'of a wrong form' }),
    { kind: 'failed', outcome: 'timeout', error: { code: 'CONNECT_TIMEOUT', message: '' }, ...timing },
    { kind: 'failed', outcome: 'blocked', error: { code: 'ADDRESS_NOT_ALLOWED', message: '' }, ...timing },
  );
  for (let n = 0; n < 6; n++) await tokens.request(client(), 1_000);
  await Promise.all(Array.from({ length: 50 }, () => tokens.request(client(), 1_000)));

  expect(observed).toEqual([
    { outcome: 'TOKEN_REFUSED', durationMs: 20 },
    { outcome: 'TOKEN_RESPONSE_INVALID', durationMs: 20 },
    { outcome: 'TOKEN_SERVER_TIMEOUT', durationMs: 7 },
    { outcome: 'TOKEN_SERVER_NOT_ALLOWED', durationMs: 7 },
    { outcome: 'granted', durationMs: 20 },
  ]);
});

test('a refused token is replaced once for all attempts that had it', async () => {
  const { tokens, requests } = tokenServer(3_600);
  await tokens.request(client(), 1_000);
  const renewed = Array.from({ length: 50 }, () => tokenOf(tokens.renew(client(), 'token1', 1_000)));
  expect(new Set(await Promise.all(renewed))).toEqual(new Set(['token2']));
  // An attempt whose response came later.
  expect(await tokenOf(tokens.renew(client(), 'token1', 1_000))).toBe('token2');
  expect(requests).toHaveLength(2);
});

test('a receiver that refuses every token makes the token server grant one a minute', async () => {
  const { tokens, requests } = tokenServer(3_600);
  await tokens.request(client(), 1_000);
  for (let second = 0; second < 600; second++) {
    const token = tokens.known(client());
    if (token) await tokens.renew(client(), token, 1_000);
    pass(1);
  }
  expect(requests).toHaveLength(1 + 10);
});
