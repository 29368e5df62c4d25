import type { OutboundResult } from '../../../../src/egress/outbound.ts';
import type { ProxyFault } from '../../../../src/egress/proxy/tunnel-verdict.ts';
import { certificate } from '../../../receivers/certificates.ts';
import { type ProxyStep, startConnectProxy } from '../../../receivers/connect-proxy.ts';
import { eventually } from '../../../set-up/eventually.ts';
import { proxyPerTest } from './proxy-per-test.ts';

const { proxy, startReceiver, create, post } = proxyPerTest();

let faults: ProxyFault[];
let states: string[];
beforeEach(() => {
  faults = [];
  states = [];
});
const observed = {
  onFault: (fault: ProxyFault) => void faults.push(fault),
  onFailing: ({ detail }: { detail: string }) => void states.push(detail),
  onWorking: () => void states.push('working'),
};
const PROXY_FAILED = { kind: 'proxy_failed', forMs: expect.any(Number), maybeSent: false };

test.each<[string, ProxyStep, ProxyFault]>([
  ['rejects its password', { status: 407 }, 'unauthorized'],
  ['responds 502', { status: 502 }, 'refused'],
  ['responds 503', { status: 503 }, 'refused'],
  ['denies the first receiver', { status: 403 }, 'refused'],
  ['hangs up', 'hang up', 'invalid_response'],
  ['does not speak HTTP', 'garbage', 'invalid_response'],
])('a proxy that %s fails itself, and not the receiver', async (_case, step, fault) => {
  const receiver = await startReceiver();
  proxy().answer = () => step;
  let started = 0;
  const outbound = create(observed);
  const send = () => post(`http://receiver.example:${receiver.port}/`, { onStart: () => void started++ });

  expect(await send()).toEqual(PROXY_FAILED);
  expect(await send()).toEqual(PROXY_FAILED);

  expect(faults).toEqual([fault, fault]);
  expect(states).toHaveLength(1);
  expect(started).toBe(0);
  expect(receiver.connections()).toBe(0);
  expect(outbound.stats()).toMatchObject({ connections: 0, waiting: 0 });

  proxy().answer = () => 'tunnel';
  expect(await send()).toMatchObject({ outcome: 'delivered' });
  expect(states).toEqual([expect.any(String), 'working']);
  expect(started).toBe(1);
});

test('a proxy that cannot be reached, or not by its name, fails itself', async () => {
  const { port, close } = await startConnectProxy();
  await close();
  const outbound = create({ ...observed, address: { host: '127.0.0.1', port, secure: false } });
  expect(await post('http://receiver.example/')).toEqual(PROXY_FAILED);
  await outbound.close();

  const lookup = () => Promise.reject(Object.assign(new Error('secret'), { code: 'ENOTFOUND' }));
  create({ ...observed, lookup, address: { host: 'proxy.example', port, secure: false } });
  expect(await post('http://receiver.example/')).toEqual(PROXY_FAILED);

  expect(faults).toEqual(['unreachable', 'unreachable']);
  expect(states).toEqual(['cannot be reached (ECONNREFUSED)', 'its name cannot be resolved']);
});

test('a proxy whose certificate is not trusted fails itself', async () => {
  const tlsProxy = await startConnectProxy({ tls: certificate('self-signed') });
  create({ ...observed, address: { host: '127.0.0.1', port: tlsProxy.port, secure: true } });

  expect(await post('http://receiver.example/')).toEqual(PROXY_FAILED);
  expect(faults).toEqual(['tls_failed']);
  expect(tlsProxy.connects).toEqual([]);
  await tlsProxy.close();
});

test.each<[Record<string, string>, object]>([
  [{ 'proxy-status': 'squid; error=connection_refused' }, { error: { code: 'ECONNREFUSED' } }],
  [{ 'proxy-status': 'a; error=connection_timeout' }, { error: { code: 'CONNECT_TIMEOUT' } }],
  [{ 'proxy-status': 'a; error="destination_ip_prohibited"' }, { error: { code: 'PROXY_DENIED' } }],
  [{ 'x-squid-error': 'ERR_CONNECT_FAIL 113' }, { error: { code: 'EHOSTUNREACH' } }],
])('a receiver that the proxy reports with %j is at fault at once', async (headers, expected) => {
  proxy().answer = () => ({ status: 503, headers });
  create(observed);

  expect(await post('http://receiver.example/')).toMatchObject({ kind: 'failed', ...expected });
  expect(faults).toEqual([]);
});

test.each<[ProxyStep, object]>([
  [{ status: 502 }, { outcome: 'connection_failed', error: { code: 'PROXY_DID_NOT_CONNECT' } }],
  [{ status: 403 }, { outcome: 'blocked', error: { code: 'PROXY_DENIED' } }],
])(
  'a receiver that gets %j twice is at fault only if the proxy opened another tunnel in between',
  async (step, failure) => {
    const other = await startReceiver();
    const dead = 'http://dead.example:9/';
    proxy().answer = (authority) => (authority.endsWith(':9') ? step : 'tunnel');
    create(observed);

    expect(await post(dead)).toEqual(PROXY_FAILED);
    expect(await post(dead)).toEqual(PROXY_FAILED);
    expect(await post(`http://other.example:${other.port}/`)).toMatchObject({ outcome: 'delivered' });
    expect(await post(dead)).toMatchObject(failure);
    // If the proxy fails from now on, the receiver is not at fault again.
    expect(await post(dead)).toEqual(PROXY_FAILED);
  },
);

test('a proxy that never responds fails itself', async () => {
  proxy().answer = () => 'silent';
  create({ ...observed, tunnelTimeoutMs: 50 });

  expect(await post('http://receiver.example/')).toEqual(PROXY_FAILED);
  expect(faults).toEqual(['timeout']);
  expect(states).toEqual(['did not respond to CONNECT in time']);
});

test('a receiver for which only its own tunnels get no response is at fault', async () => {
  const other = await startReceiver();
  proxy().answer = (authority) => (authority.endsWith(':9') ? 'silent' : 'tunnel');
  create(observed);
  const results: OutboundResult[] = [];

  await eventually(async () => {
    const result = await post('http://dead.example:9/', { timeoutMs: 200 });
    results.push(result);
    await post(`http://other.example:${other.port}/`);
    return result.kind === 'failed';
  });

  expect(results[0]).toEqual(PROXY_FAILED);
  expect(results.at(-1)).toMatchObject({ outcome: 'timeout', error: { code: 'CONNECT_TIMEOUT' } });
});

test('a request whose kept tunnel broke may have been sent, if the proxy then opens no other', async () => {
  const receiver = await startReceiver();
  create();
  const send = () => post(`http://receiver.example:${receiver.port}/`);
  await send();
  await send();

  // The tunnel ends while the request is under way, before any byte of a response.
  receiver.requests.push = (...requests) => {
    receiver.dropConnections();
    return requests.length;
  };
  proxy().answer = () => ({ status: 502 });

  expect(await send()).toEqual({ ...PROXY_FAILED, maybeSent: true });
});

test('idle tunnels that the proxy closes are noticed before the next request', async () => {
  const receiver = await startReceiver();
  const outbound = create();
  await post(`http://receiver.example:${receiver.port}/`);
  proxy().dropTunnels();
  await eventually(async () => outbound.stats().connections === 0);

  expect(await post(`http://receiver.example:${receiver.port}/`)).toMatchObject({
    outcome: 'delivered',
    resent: false,
  });
});
