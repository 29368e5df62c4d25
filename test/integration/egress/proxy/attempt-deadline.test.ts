import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { createSecureContext } from 'node:tls';
import type { EgressProxyOptions } from '../../../../src/egress/proxy/egress-proxy.ts';
import type { ProxyHealthEvents } from '../../../../src/egress/proxy/proxy-health.ts';
import { certificate, testAuthority } from '../../../receivers/certificates.ts';
import { startConnectProxy } from '../../../receivers/connect-proxy.ts';
import { startSilentAddress } from '../../../receivers/silent-address.ts';
import { PUBLIC, proxyPerTest } from './proxy-per-test.ts';

const { proxy, startReceiver, create, post } = proxyPerTest();

type Failing = Parameters<NonNullable<ProxyHealthEvents['onFailing']>>[0];
let failing: Failing[];
beforeEach(() => {
  failing = [];
});
const onFailing = (event: Failing): void => void failing.push(event);

const PROXY_FAILED = { kind: 'proxy_failed', forMs: expect.any(Number), maybeSent: false };
const ATTEMPT_ENDED = {
  fault: 'timeout',
  detail: 'was not reached before the timeout of the attempt',
  isCertain: false,
};

/** A proxy with TLS. While it is held, it accepts connections and sends nothing. */
async function startHeldProxy() {
  const secured = await startConnectProxy({ tls: certificate('trusted') });
  const sockets = new Set<Socket>();
  const held = { isHeld: true, connections: 0 };
  const track = (socket: Socket): Socket => {
    sockets.add(socket);
    return socket.on('error', () => {}).on('close', () => sockets.delete(socket));
  };
  const server = createServer((client) => {
    track(client);
    if (held.isHeld) held.connections++;
    else client.pipe(track(connect(secured.port, '127.0.0.1'))).pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const options: Partial<EgressProxyOptions> = {
    address: { host: '127.0.0.1', port: (server.address() as AddressInfo).port, secure: true },
    secureContext: createSecureContext({ ca: testAuthority() }),
    onFailing,
  };
  const close = async (): Promise<void> => {
    server.close();
    for (const socket of sockets) socket.destroy();
    await secured.close();
  };
  return { held, options, close };
}

test('a receiver is at fault if the timeout of its attempt ends before the proxy is reached, and the proxy opens other tunnels', async () => {
  const other = await startReceiver();
  const { held, options, close } = await startHeldProxy();
  const four = [PUBLIC, '203.0.114.2', '203.0.114.3', '203.0.114.4'];
  create(options, { lookup: async (name) => (name === 'slow.example' ? four : [PUBLIC]) });
  const postToSlow = () => post('http://slow.example/', { timeoutMs: 200 });

  expect(await postToSlow()).toEqual(PROXY_FAILED);
  // The addresses share the time for the tunnel, and not the time in which the proxy is reached.
  expect(held.connections).toBeLessThanOrEqual(1);
  expect(failing).toEqual([ATTEMPT_ENDED]);

  held.isHeld = false;
  expect(await post(`http://other.example:${other.port}/`)).toMatchObject({ outcome: 'delivered' });
  held.isHeld = true;
  expect(await postToSlow()).toMatchObject({ outcome: 'timeout', error: { code: 'CONNECT_TIMEOUT' } });
  expect(failing).toHaveLength(1);
  await close();
});

test('a proxy is at fault if it is not reached within the time for a connection to it', async () => {
  const { options, close } = await startHeldProxy();
  create({ ...options, connectTimeoutMs: 50 });

  expect(await post('http://receiver.example/')).toEqual(PROXY_FAILED);

  expect(failing).toMatchObject([{ isCertain: true }]);
  await close();
});

const ATTEMPT_FIRST = { timeoutMs: 200, connectTimeoutMs: 20_000 };
const CONNECTION_FIRST = { timeoutMs: 20_000, connectTimeoutMs: 50 };

test.each([
  [ATTEMPT_FIRST, ATTEMPT_ENDED],
  [CONNECTION_FIRST, { fault: 'unreachable', detail: 'its name cannot be resolved', isCertain: true }],
])(
  'with %j, the lookup of a name of the proxy that never ends is the fault %j',
  async ({ timeoutMs, connectTimeoutMs }, expected) => {
    const address = { host: 'proxy.example', port: proxy().port, secure: false };
    const lookup = () => new Promise<string[]>(() => {});
    create({ address, lookup, onFailing, connectTimeoutMs });

    expect(await post('http://receiver.example/', { timeoutMs })).toEqual(PROXY_FAILED);
    expect(failing).toEqual([expected]);
  },
);

test.each([
  [ATTEMPT_FIRST, ATTEMPT_ENDED],
  [
    CONNECTION_FIRST,
    { fault: 'unreachable', detail: 'cannot be reached (CONNECT_TIMEOUT)', isCertain: true },
  ],
])(
  'with %j, a proxy that accepts no connection is the fault %j',
  async ({ timeoutMs, connectTimeoutMs }, expected) => {
    const { port } = await startReceiver();
    const silent = await startSilentAddress('127.0.0.2', port);
    create({ address: { host: '127.0.0.2', port, secure: false }, onFailing, connectTimeoutMs });

    expect(await post('http://receiver.example/', { timeoutMs })).toEqual(PROXY_FAILED);
    expect(failing).toEqual([expected]);
    await silent.close();
  },
);
