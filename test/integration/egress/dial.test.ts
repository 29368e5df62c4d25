import { once } from 'node:events';
import { createServer as createHttp2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { createAddressGuard } from '../../../src/egress/addresses/address-guard.ts';
import type { Lookup } from '../../../src/egress/addresses/lookup.ts';
import { createNat64 } from '../../../src/egress/addresses/nat64.ts';
import { createOwnServices, type OwnServices } from '../../../src/egress/addresses/own-services.ts';
import { createOutbound, type Outbound, type OutboundOptions } from '../../../src/egress/outbound.ts';
import {
  type CertificateName,
  certificate,
  privateIntermediate,
  privateRoot,
  testAuthority,
} from '../../receivers/certificates.ts';
import { startMisbehavingReceiver } from '../../receivers/misbehaving-receiver.ts';
import { type Receiver, startReceiver } from '../../receivers/receiver.ts';

let outbound: Outbound;
let receiver: Receiver | undefined;

const create = (options: Partial<OutboundOptions> & { allow?: string[] } = {}): void => {
  outbound = createOutbound({
    guard: createAddressGuard(options.allow ?? ['127.0.0.0/8', '::1/128']),
    quietPeriodMs: 0,
    ...options,
  });
};
const post = (url: string, timeoutMs = 2_000) =>
  outbound.post({
    url,
    headers: {},
    body: Buffer.from('{}'),
    timeoutMs,
    startBy: performance.now() + 1_000,
    projectId: 'project',
    poolKey: 'tenant',
  });
/** Says the answers in turn, and then the last again. */
const lookupIn = (...answers: string[][]): Lookup => {
  let asked = 0;
  return async () => answers[Math.min(asked++, answers.length - 1)]!;
};
/** IPv4 addresses of this machine beyond loopback; loopback itself where it has none. */
const networkAddresses = (): string[] => {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const beyond = all.filter(({ internal, family }) => !internal && family === 'IPv4');
  return beyond.length > 0 ? beyond.map(({ address }) => address) : ['127.0.0.1'];
};
const failing =
  (code: string): Lookup =>
  () =>
    Promise.reject(Object.assign(new Error(`query ${code} 10.9.8.7`), { code }));

afterEach(async () => {
  await receiver?.close();
  await outbound.close();
  receiver = undefined;
});

const BLOCKED = {
  kind: 'failed',
  outcome: 'blocked',
  error: { code: 'ADDRESS_NOT_ALLOWED', message: 'the address of the receiver is not allowed' },
};

describe('a receiver on loopback that nobody allowed', () => {
  beforeEach(async () => {
    receiver = await startReceiver();
  });

  test.each([
    '127.0.0.1',
    '127.1',
    '2130706433',
    '0x7f.0.0.1',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '0.0.0.0',
    '[::]',
    'localhost',
  ])('is not reached as %s', async (host) => {
    create({ allow: [] });
    expect(await post(`http://${host}:${receiver!.port}/`)).toMatchObject(BLOCKED);
    expect(receiver!.connections()).toBe(0);
  });

  test.each([
    ['is its only address', [['127.0.0.1']]],
    ['comes after a public address in one answer', [['203.0.114.1', '127.0.0.1']]],
    ['comes before a public address in one answer', [['127.0.0.1', '203.0.114.1']]],
    ['is said in IPv6', [['::ffff:127.0.0.1']]],
    ['is no address at all', [['localhost']]],
    ['is left out', [[]]],
  ])('is not reached through a name when it %s', async (_case, answers) => {
    create({ allow: [], lookup: lookupIn(...answers) });

    expect(await post(`http://receiver.example:${receiver!.port}/`)).toMatchObject(BLOCKED);
    expect(receiver!.connections()).toBe(0);
  });

  test('is not reached by a name that was public a moment ago', async () => {
    // 127.0.0.2 stands for the public address: it is the one that this guard allows.
    create({ allow: ['127.0.0.2/32'], lookup: lookupIn(['127.0.0.2'], ['127.0.0.1']) });
    const allowed = await startReceiver(
      [(_, response) => void response.writeHead(200, { connection: 'close' }).end()],
      {
        host: '127.0.0.2',
      },
    );

    expect(await post(`http://rebinding.example:${allowed.port}/`)).toMatchObject({ outcome: 'delivered' });
    expect(await post(`http://rebinding.example:${receiver!.port}/`)).toMatchObject(BLOCKED);
    expect(receiver!.connections()).toBe(0);
    await allowed.close();
  });
});

describe('behind a name server that adds NAT64 addresses', () => {
  const deliverTo = (answer: string[], allow = ['127.0.0.0/8'], discovered?: string) => {
    const nat64 = createNat64({ ...(discovered && { resolve6: async () => [discovered] }) });
    create({ guard: createAddressGuard(allow, createOwnServices(), nat64), lookup: lookupIn(answer) });
    return post(`http://receiver.example:${receiver!.port}/`);
  };
  beforeEach(async () => {
    receiver = await startReceiver();
  });

  test.each([
    ['the well-known prefix', '64:ff9b::7f00:1'],
    ['a prefix for local use', '64:ff9b:1:fffe::7f00:1'],
    ['a private prefix of 96 bits', 'fd64:1:2:3::7f00:1'],
    ['a private prefix of 48 bits', 'fd64:1:2:7f00:0:100::'],
    ['a public prefix', '2606:4700:64::7f00:1'],
  ])('an allowed address is reached although its copy under %s cannot be', async (_case, copy) => {
    expect(await deliverTo(['127.0.0.1', copy])).toMatchObject({ outcome: 'delivered' });
  });

  test.each([
    ['alone', ['64:ff9b::7f00:1'], undefined],
    ['beside a public address', ['8.8.8.8', '64:ff9b::a9fe:a9fe'], undefined],
    ['beside its own copy', ['127.0.0.1', '64:ff9b::7f00:1'], undefined],
    ['under a prefix for local use that DNS says', ['64:ff9b:1:fffe::7f00:1'], '64:ff9b:1:fffe::c000:aa'],
    ['under a public prefix that DNS says', ['2606:4700:64::7f00:1'], '2606:4700:64::c000:ab'],
  ])('a private address is refused in it %s', async (_case, answer, discovered) => {
    expect(await deliverTo(answer, [], discovered)).toMatchObject(BLOCKED);
    expect(receiver!.connections()).toBe(0);
  });

  test('a server of Posthorn is not reached by its IPv4 address inside', async () => {
    const own = createOwnServices([{ host: '192.0.2.7', port: receiver!.port, matchedBy: 'address' }]);
    create({ guard: createAddressGuard(['192.0.2.0/24'], own), lookup: lookupIn(['64:ff9b::c000:207']) });

    expect(await post(`http://receiver.example:${receiver!.port}/`)).toMatchObject({
      error: { code: 'OWN_ADDRESS' },
    });
  });
});

describe('a service of Posthorn itself', () => {
  const OWN = { kind: 'failed', outcome: 'blocked', error: { code: 'OWN_ADDRESS' } };
  let own: OwnServices;
  let names: string[];
  const everywhere = (lookup?: Lookup) => {
    const guard = createAddressGuard(['0.0.0.0/0', '::/0'], own);
    create({ guard, ...(lookup && { lookup }) });
  };

  beforeEach(async () => {
    receiver = await startReceiver();
    names = ['127.0.0.1'];
    own = createOwnServices([], { resolve: async () => names });
  });

  test.each(['127.0.0.1', '127.0.0.7', 'localhost', '0.0.0.0', '[::]', '[::1]', '[::ffff:127.0.0.1]'])(
    'is not reached as %s',
    async (host) => {
      own.add({ host: '127.0.0.1', port: receiver!.port, matchedBy: 'address' });
      everywhere();

      expect(await post(`http://${host}:${receiver!.port}/`)).toMatchObject(OWN);
      expect(receiver!.connections()).toBe(0);
    },
  );

  test.each([
    ['its address', ['127.0.0.1']],
    ['another address of this machine', ['127.0.0.9']],
    ['its address and another', ['8.8.8.8', '127.0.0.1']],
    ['an address of this machine on its network', networkAddresses()],
  ])('is not reached through a name that leads to %s', async (_case, answer) => {
    own.add({ host: '0.0.0.0', port: receiver!.port, matchedBy: 'address' });
    everywhere(lookupIn(answer));

    expect(await post(`http://harmless.example:${receiver!.port}/`)).toMatchObject(OWN);
    expect(receiver!.connections()).toBe(0);
  });

  test('is not reached by an address that its name has now, whatever it had before', async () => {
    own.add({ host: 'temporal.internal', port: receiver!.port, matchedBy: 'address' });
    everywhere(lookupIn(['127.0.0.1']));

    expect(await post(`http://harmless.example:${receiver!.port}/`)).toMatchObject(OWN);
    expect(await post(`http://temporal.internal:${receiver!.port}/`)).toMatchObject(OWN);
    expect(receiver!.connections()).toBe(0);
  });

  test('is not reached by an address that a name server says later', async () => {
    own.add({ host: '127.0.0.1', port: receiver!.port, matchedBy: 'address' });
    everywhere(async (_, onIncomplete) => {
      onIncomplete?.(Promise.resolve(['127.0.0.1']));
      return ['::2'];
    });

    expect(await post(`http://harmless.example:${receiver!.port}/`)).toMatchObject({ kind: 'failed' });
    expect(receiver!.connections()).toBe(0);
  });

  test('leaves another port of the same machine alone, and one of another machine', async () => {
    names = ['192.0.2.1'];
    own.add({ host: 'temporal.internal', port: receiver!.port, matchedBy: 'address' });
    own.add({ host: '127.0.0.1', port: receiver!.port + 1, matchedBy: 'address' });
    everywhere();

    expect(await post(receiver!.url)).toMatchObject({ outcome: 'delivered' });
  });
});

test('the address that was judged is dialed: the name is looked up once for each dial', async () => {
  receiver = await startReceiver([
    (_, response) => void response.writeHead(200, { connection: 'close' }).end(),
  ]);
  let lookups = 0;
  const lookup: Lookup = async () => {
    lookups++;
    return ['127.0.0.1'];
  };
  create({ lookup });

  for (let i = 0; i < 3; i++) await post(`http://receiver.example:${receiver.port}/`);

  expect(lookups).toBe(3);
  expect(receiver.requests.map(({ headers }) => headers.host)).toEqual(
    Array(3).fill(`receiver.example:${receiver.port}`),
  );
});

test('of several addresses the first that accepts is used', async () => {
  receiver = await startReceiver([200], { host: '127.0.0.3' });
  create({ lookup: lookupIn(['127.0.0.2', '127.0.0.3', '::1']) });

  expect(await post(`http://receiver.example:${receiver.port}/`)).toMatchObject({ outcome: 'delivered' });
});

test('localhost reaches a receiver on the one loopback address that is allowed', async () => {
  receiver = await startReceiver();
  create({ allow: ['127.0.0.0/8'] });

  expect(await post(`http://localhost:${receiver.port}/`)).toMatchObject({ outcome: 'delivered' });
});

test('a receiver on an IPv6 address is reached', async () => {
  receiver = await startReceiver([200], { host: '::1' });
  create();

  expect(await post(receiver.url)).toMatchObject({ outcome: 'delivered' });
  expect(receiver.requests[0]!.headers.host).toBe(`[::1]:${receiver.port}`);
});

test('a refused connection names its code and no address', async () => {
  receiver = await startReceiver();
  const { url } = receiver;
  await receiver.close();
  create();

  const result = await post(url);

  expect(result).toMatchObject({
    kind: 'failed',
    outcome: 'connection_failed',
    error: { code: 'ECONNREFUSED' },
  });
  expect(JSON.stringify(result)).not.toContain('127.0.0.1');
});

test.each(['ENOTFOUND', 'ESERVFAIL', 'ETIMEOUT', 'ECONNREFUSED'])(
  'a lookup that ends in %s is dns_failed',
  async (code) => {
    create({ lookup: failing(code) });
    const result = await post('http://receiver.example/');

    expect(result).toMatchObject({ kind: 'failed', outcome: 'dns_failed', error: { code } });
    expect(JSON.stringify(result)).not.toContain('10.9.8.7');
  },
);

test('a lookup that never ends is over at the deadline', async () => {
  create({ lookup: () => new Promise(() => {}) });
  const began = performance.now();

  expect(await post('http://receiver.example/', 300)).toMatchObject({
    outcome: 'timeout',
    error: { code: 'DNS_TIMEOUT' },
  });
  expect(performance.now() - began).toBeLessThan(800);
});

test('a header that HTTP cannot carry blocks the request, and nothing is sent', async () => {
  receiver = await startReceiver();
  create();
  const result = await outbound.post({
    ...{
      url: receiver.url,
      body: Buffer.from('{}'),
      timeoutMs: 1_000,
      projectId: 'project',
      poolKey: 'tenant',
    },
    startBy: performance.now() + 1_000,
    headers: { 'x-injected': 'a\r\nx-admin: 1' },
  });

  expect(result).toMatchObject({
    kind: 'failed',
    outcome: 'blocked',
    error: { code: 'REQUEST_NOT_SENDABLE' },
  });
  expect(receiver.requests).toEqual([]);
});

test('headers arrive in the order and case in which they were given, with what HTTP needs', async () => {
  receiver = await startReceiver();
  create();
  await outbound.post({
    ...{
      url: `${receiver.url}a?b=c`,
      timeoutMs: 1_000,
      startBy: performance.now() + 1_000,
      projectId: 'project',
      poolKey: 'tenant',
    },
    body: Buffer.from('{"é":1.0}'),
    headers: { 'Webhook-ID': 'msg_1', 'content-type': 'application/json', 'X-b': '2', 'X-a': '1' },
  });

  const [request] = receiver.requests;
  expect(request).toMatchObject({ method: 'POST', path: '/a?b=c', body: Buffer.from('{"é":1.0}') });
  expect(request!.rawHeaders).toEqual([
    ...['host', `127.0.0.1:${receiver.port}`, 'Webhook-ID', 'msg_1', 'content-type', 'application/json'],
    ...[
      'X-b',
      '2',
      'X-a',
      '1',
      'content-length',
      '10',
      'accept',
      '*/*',
      'accept-encoding',
      'identity',
      'user-agent',
      'Posthorn',
    ],
    ...['Connection', 'keep-alive'],
  ]);
});

test('a profile or an endpoint keeps its own user-agent and accept, whatever their case', async () => {
  receiver = await startReceiver();
  create({ userAgent: 'Posthorn/1.2.3 (+https://hooks.example.com)' });
  const request = {
    ...{ url: receiver.url, timeoutMs: 1_000, startBy: performance.now() + 1_000 },
    ...{ projectId: 'project', poolKey: 'tenant', body: Buffer.from('{}') },
  };
  await outbound.post({ ...request, headers: { 'User-Agent': 'Own/1', ACCEPT: 'application/json' } });
  await outbound.post({ ...request, headers: {} });

  expect(receiver.requests.map(({ headers }) => [headers['user-agent'], headers.accept])).toEqual([
    ['Own/1', 'application/json'],
    ['Posthorn/1.2.3 (+https://hooks.example.com)', '*/*'],
  ]);
});

test.each([
  '/a?',
  '/a|b?q=a|b',
  '//x//y',
  '/%zz?%',
  '/m;v=1,2:3@4?a=1&&b=&c',
  '/?',
  '/a%2fb%2Fc?sig=a%2Bb%3D',
])('the request line has the URL as it is registered: %s', async (asked) => {
  receiver = await startReceiver();
  create();
  await post(receiver.url.slice(0, -1) + asked);

  expect(receiver.requests.map(({ path }) => path)).toEqual([asked]);
});

test('a redirect is an answer with its status, and says where to, without the query', async () => {
  receiver = await startReceiver([
    (_, response) =>
      void response.writeHead(308, { location: 'https://www.example.com/b?token=s3cret' }).end(),
  ]);
  create();

  expect(await post(receiver.url)).toMatchObject({
    kind: 'responded',
    outcome: 'rejected',
    statusCode: 308,
    error: {
      code: 'REDIRECT_NOT_FOLLOWED',
      message: expect.stringContaining('redirects to https://www.example.com/b?…: '),
    },
  });
});

describe('over TLS', () => {
  const startTls = async (name: CertificateName) => {
    receiver = await startReceiver([200], { tls: certificate(name) });
    create({ certificateAuthorities: [testAuthority()], lookup: lookupIn(['127.0.0.1']) });
  };

  test.each(['localhost', '127.0.0.1'])('a certificate that is trusted for %s delivers', async (host) => {
    await startTls('trusted');

    expect(await post(`https://${host}:${receiver!.port}/`)).toMatchObject({ outcome: 'delivered' });
    expect(await post(`https://${host}:${receiver!.port}/`)).toMatchObject({
      outcome: 'delivered',
      resent: false,
    });
    expect(receiver!.connections()).toBe(1);
  });

  test.each<[CertificateName, string, string]>([
    ['self-signed', 'localhost', 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    ['expired', 'localhost', 'CERT_HAS_EXPIRED'],
    ['wrong-host', 'localhost', 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['wrong-host', '127.0.0.1', 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['trusted', 'other.example', 'ERR_TLS_CERT_ALTNAME_INVALID'],
  ])(
    'a certificate that is %s for %s is tls_failed with %s, and no byte of the request is sent',
    async (name, host, code) => {
      await startTls(name);
      const result = await post(`https://${host}:${receiver!.port}/`);

      expect(result).toMatchObject({ kind: 'failed', outcome: 'tls_failed', error: { code }, resent: false });
      expect(JSON.stringify(result)).not.toContain('127.0.0.1');
      expect(receiver!.requests).toEqual([]);
      expect(outbound.stats().connections).toBe(0);
    },
  );

  test.each<[string, CertificateName, (() => string)[], string | null, RegExp]>([
    ['sends no intermediate', 'private', [], 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', /intermediate certificates/],
    ['sends its intermediate', 'private', [privateIntermediate], null, /^$/],
    ['is not valid yet', 'not-yet-valid', [], 'CERT_NOT_YET_VALID', /not valid yet/],
  ])('a receiver whose certificate %s is judged so', async (_case, name, chain, code, words) => {
    const { key, cert } = certificate(name);
    receiver = await startReceiver([200], {
      tls: { key, cert: [cert, ...chain.map((read) => read())].join('') },
    });
    create({ certificateAuthorities: [privateRoot()] });

    const result = await post(`https://localhost:${receiver.port}/`);
    if (code === null) return expect(result).toMatchObject({ outcome: 'delivered' });
    const message = expect.stringMatching(words);
    expect(result).toMatchObject({ outcome: 'tls_failed', error: { code, message } });
  });

  test.each<[string, (() => string)[], string]>([
    ['without it', [privateIntermediate], 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'],
    ['with it', [privateIntermediate, privateRoot], 'SELF_SIGNED_CERT_IN_CHAIN'],
  ])(
    'a chain to a private root, sent %s, says that its authority is not known',
    async (_case, chain, code) => {
      const { key, cert } = certificate('private');
      receiver = await startReceiver([200], {
        tls: { key, cert: [cert, ...chain.map((read) => read())].join('') },
      });
      create({ certificateAuthorities: [testAuthority()] });

      const message = expect.stringMatching(/authority/);
      expect(await post(`https://localhost:${receiver.port}/`)).toMatchObject({
        outcome: 'tls_failed',
        error: { code, message },
      });
    },
  );

  test('an authority that only the receiver knows is not trusted', async () => {
    receiver = await startReceiver([200], { tls: certificate('trusted') });
    create();

    expect(await post(`https://localhost:${receiver.port}/`)).toMatchObject({
      outcome: 'tls_failed',
      error: { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' },
    });
  });

  test('a receiver that speaks plain HTTP is tls_failed', async () => {
    receiver = await startReceiver();
    create();

    expect(await post(`https://127.0.0.1:${receiver.port}/`)).toMatchObject({
      outcome: 'tls_failed',
      error: { code: 'NO_TLS_AT_PORT' },
    });
  });

  test.each<[string, TlsOptions, string]>([
    [
      'asks for a client certificate in TLS 1.2',
      { requestCert: true, maxVersion: 'TLSv1.2' },
      'TLS_ALERT_HANDSHAKE_FAILURE',
    ],
    ['asks for a client certificate in TLS 1.3', { requestCert: true }, 'TLS_ALERT_CERTIFICATE_REQUIRED'],
    [
      'speaks TLS 1.1 alone',
      { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' },
      'TLS_VERSION_TOO_OLD',
    ],
    ['speaks HTTP/2 alone', { ALPNProtocols: ['h2'] }, 'HTTP2_ONLY'],
    ['has no certificate for the host', { SNICallback: (_, done) => done(new Error('no')) }, 'ECONNRESET'],
  ])('a receiver that %s is told so', async (_case, options, code) => {
    const server = createTlsServer({ ...certificate('trusted'), ca: testAuthority(), ...options }).listen(
      0,
      '127.0.0.1',
    );
    await once(server, 'listening');
    create({ certificateAuthorities: [testAuthority()] });

    const result = await post(`https://localhost:${(server.address() as AddressInfo).port}/`);
    expect(result).toMatchObject({ outcome: 'tls_failed', error: { code } });
    server.close();
  });

  test('a receiver that speaks HTTP/2 without TLS is told so', async () => {
    const server = createHttp2Server().listen(0, '127.0.0.1');
    await once(server, 'listening');
    create();

    expect(await post(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)).toMatchObject({
      outcome: 'invalid_response',
      error: { code: 'HTTP2_ONLY' },
    });
    server.close();
  });

  test('a handshake that never ends is over at the deadline', async () => {
    const silent = await startMisbehavingReceiver('neverResponds');
    create();
    const began = performance.now();

    expect(await post(`https://127.0.0.1:${silent.port}/`, 300)).toMatchObject({
      outcome: 'timeout',
      error: { code: 'TLS_TIMEOUT' },
    });
    expect(performance.now() - began).toBeLessThan(800);
    await silent.untilNoneOpen();
    await silent.close();
  });
});
