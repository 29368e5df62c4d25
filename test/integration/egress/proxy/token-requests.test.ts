import {
  type AuthorizedOutbound,
  createAuthorizedOutbound,
} from '../../../../src/egress/oauth/authorized-outbound.ts';
import type { OutboundResult } from '../../../../src/egress/outbound.ts';
import type { Receiver } from '../../../receivers/receiver.ts';
import { startTokenServer, type TokenServer } from '../../../receivers/token-server.ts';
import { PUBLIC, proxyPerTest } from './proxy-per-test.ts';

const { proxy, startReceiver, create } = proxyPerTest();

let server: TokenServer;
let receiver: Receiver;
let authorized: AuthorizedOutbound;
beforeEach(async () => {
  server = await startTokenServer();
  receiver = await startReceiver();
  authorized = createAuthorizedOutbound({ outbound: create(), now: Date.now });
});
afterEach(() => server.close());

const send = (): Promise<OutboundResult> =>
  authorized.post({
    url: `http://localhost:${receiver.port}/`,
    headers: {},
    body: Buffer.from('{}'),
    timeoutMs: 20_000,
    startBy: performance.now() + 20_000,
    projectId: 'project',
    poolKey: 'ep',
    delivery: { id: 'dlv', attempt: 1, event: 'evt', type: 'a.b' },
    oauth: {
      projectId: 'project',
      endpointId: 'ep',
      version: 'one',
      credentials: {
        tokenUrl: `http://localhost:${server.port}/token`,
        clientId: 'webhooks',
        clientSecret: 'secret',
        scopes: [],
        audience: null,
        clientAuthentication: 'basic',
      },
    },
  });

test('a token is requested through the proxy, as its request is sent', async () => {
  expect(await send()).toMatchObject({ outcome: 'delivered' });
  expect(proxy().connects.map(({ authority }) => authority)).toEqual([
    `${PUBLIC}:${server.port}`,
    `${PUBLIC}:${receiver.port}`,
  ]);
  expect(receiver.requests[0]!.headers.authorization).toBe(`Bearer ${server.tokens[0]}`);
});

test('a fault of the proxy while a token is requested is charged to nobody, and nothing was sent', async () => {
  proxy().answer = () => 'hang up';
  expect(await send()).toEqual({ kind: 'proxy_failed', forMs: expect.any(Number), maybeSent: false });
  proxy().answer = () => 'tunnel';
  expect(await send()).toMatchObject({ outcome: 'delivered' });
});

test('a token server that the proxy does not allow fails the attempt, and the receiver is not asked', async () => {
  const denied = { status: 403, headers: { 'proxy-status': 'a; error=destination_ip_prohibited' } };
  proxy().answer = (authority) => (authority.endsWith(`:${server.port}`) ? denied : 'tunnel');
  expect(await send()).toMatchObject({
    outcome: 'token_failed',
    error: { code: 'TOKEN_SERVER_NOT_ALLOWED', message: expect.stringContaining('(PROXY_DENIED)') },
  });
  expect(receiver.requests).toHaveLength(0);
});
