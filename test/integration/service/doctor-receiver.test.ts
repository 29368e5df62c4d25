import { readConfig } from '../../../src/config/config.ts';
import { createLookup } from '../../../src/egress/addresses/lookup.ts';
import type { Check } from '../../../src/service/doctor/check.ts';
import { checkReceiver, type ReceiverTarget } from '../../../src/service/doctor/check-receiver.ts';
import {
  type CertificateName,
  certificate,
  privateIntermediate,
  privateRoot,
  testAuthority,
} from '../../receivers/certificates.ts';
import { startConnectProxy } from '../../receivers/connect-proxy.ts';
import { startNameServer } from '../../receivers/name-server.ts';
import {
  type Receiver,
  type ReceiverOptions,
  type ScriptStep,
  startReceiver,
} from '../../receivers/receiver.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function receiverThat(script: ScriptStep[], options: ReceiverOptions = {}): Promise<Receiver> {
  const receiver = await startReceiver(script, options);
  closers.push(receiver.close);
  return receiver;
}

/** Loopback is allowed, as with "npm start". */
async function checksOf(
  url: string,
  {
    env = {},
    method = 'GET',
    zone,
  }: {
    env?: Record<string, string>;
    method?: ReceiverTarget['method'];
    zone?: Parameters<typeof startNameServer>[0];
  } = {},
): Promise<Record<string, Check>> {
  let nameServers: string[] | undefined;
  if (zone) {
    const server = await startNameServer(zone);
    closers.push(server.close);
    nameServers = [server.address];
  }
  const lookup = createLookup({
    hosts: async () => [],
    ...(nameServers && { nameServers }),
    queryTimeoutMs: 200,
  });
  const checks: Check[] = [];
  const config = readConfig({ POSTHORN_EXTRA_CA: testAuthority(), ...env }, 'client');
  for await (const check of checkReceiver({ url, method }, config, { lookup, timeoutMs: 3_000 }))
    checks.push(check);
  return Object.fromEntries(checks.map((check) => [check.check, check]));
}
const statusesOf = (checks: Record<string, Check>) =>
  Object.fromEntries(Object.values(checks).map(({ check, status }) => [check, status]));

test('a receiver with a trusted certificate passes each check, and gets one request without a signature', async () => {
  const receiver = await receiverThat([204], { tls: certificate('trusted') });
  const checks = await checksOf(`https://localhost:${receiver.port}/hooks/secret-path?token=secret`, {
    method: 'POST',
  });

  expect(statusesOf(checks)).toEqual({
    url: 'ok',
    dns: 'ok',
    guard: 'ok',
    connection: 'ok',
    tls: 'ok',
    certificate: 'ok',
    response: 'ok',
  });
  expect(checks.dns!.found).toContain('127.0.0.1');
  expect(checks.certificate!.found).toContain('2124');
  expect(checks.response!.found).toContain('204');
  expect(JSON.stringify(checks)).not.toContain('secret');
  expect(receiver.requests).toMatchObject([
    {
      method: 'POST',
      path: '/hooks/secret-path?token=secret',
      headers: { 'content-type': 'application/json' },
    },
  ]);
  const [{ body, headers }] = receiver.requests as [Receiver['requests'][number]];
  expect(body.toString()).toBe('{}');
  expect(Object.keys(headers).filter((name) => /signature|webhook|authorization/.test(name))).toEqual([]);
});

test.each(['GET', 'OPTIONS'] as const)('%s is sent without a body', async (method) => {
  const receiver = await receiverThat([(_, response) => void response.writeHead(405).end('no')]);
  const checks = await checksOf(receiver.url, { method });

  expect(checks.response).toMatchObject({
    status: 'ok',
    found: expect.stringContaining(`${method} without a signature: 405`),
  });
  expect(receiver.requests).toMatchObject([{ method, body: Buffer.alloc(0) }]);
});

test.each<[CertificateName, string, RegExp, Record<string, string>]>([
  ['expired', 'CERT_HAS_EXPIRED', /expired on 2020-02/, { certificate: 'failed' }],
  ['not-yet-valid', 'CERT_NOT_YET_VALID', /valid only from 2100/, { certificate: 'failed' }],
  ['self-signed', 'DEPTH_ZERO_SELF_SIGNED_CERT', /expires on/, { certificate: 'ok' }],
  ['wrong-host', 'ERR_TLS_CERT_ALTNAME_INVALID', /expires on 2124/, { certificate: 'ok' }],
])('the certificate "%s" is refused with %s, and still described', async (name, code, dates, rest) => {
  const receiver = await receiverThat([200], { tls: certificate(name) });
  const env = name === 'not-yet-valid' ? { POSTHORN_EXTRA_CA: privateRoot() } : {};
  const checks = await checksOf(`https://localhost:${receiver.port}/`, { env });

  expect(checks.tls).toMatchObject({ status: 'failed', found: expect.stringContaining(code) });
  expect(checks.tls!.found).toContain('It shows the certificate of ');
  expect(checks.certificate!.found).toMatch(dates);
  expect(statusesOf(checks)).toMatchObject(rest);
  expect(checks.response).toBeUndefined();
  expect(receiver.requests).toEqual([]);
});

test('the chain is named to its root', async () => {
  const { key, cert } = certificate('private');
  const receiver = await receiverThat([200], { tls: { key, cert: `${cert}${privateIntermediate()}` } });
  const checks = await checksOf(`https://localhost:${receiver.port}/`, {
    env: { POSTHORN_EXTRA_CA: privateRoot() },
  });

  expect(checks.tls).toMatchObject({ status: 'ok' });
  expect(checks.tls!.found.split(', issued by ')).toHaveLength(3);
});

test('a port that does not speak TLS is told apart from a bad certificate', async () => {
  const receiver = await receiverThat([200]);
  const checks = await checksOf(`https://localhost:${receiver.port}/`);

  expect(checks.tls).toMatchObject({ status: 'failed', found: expect.stringContaining('NO_TLS_AT_PORT') });
  expect(checks.certificate).toBeUndefined();
});

test('a name with a private address is refused by the guard, with the address and the variable', async () => {
  const checks = await checksOf('https://hooks.example.com/', {
    zone: (_, type) => (type === 'A' ? ['10.1.2.3', '203.0.114.1'] : []),
  });

  expect(statusesOf(checks)).toEqual({ url: 'ok', dns: 'ok', guard: 'failed' });
  expect(checks.dns!.found).toContain('10.1.2.3, 203.0.114.1');
  expect(checks.guard).toMatchObject({
    found: expect.stringMatching(/^Not public: 10\.1\.2\.3\. .*ADDRESS_NOT_ALLOWED/),
    fix: expect.stringContaining('POSTHORN_ALLOW_TARGETS'),
  });
});

test.each([
  ['https://10.1.2.3/', {}, 'url_address_not_allowed', 'POSTHORN_ALLOW_TARGETS'],
  [
    'https://hooks.example.com:8443/',
    { POSTHORN_ALLOW_PORTS: '443' },
    'url_port_not_allowed',
    'POSTHORN_ALLOW_PORTS',
  ],
  ['https://user:secret@hooks.example.com/', {}, 'url_has_credentials', 'Correct the URL'],
  ['http://localhost:4000/', {}, 'url_own_service', 'Correct the URL'],
])('%s may not be registered: %j %s', async (url, env, code, fix) => {
  const checks = await checksOf(url, { env });

  expect(Object.keys(checks)).toEqual(['url']);
  expect(checks.url).toMatchObject({
    status: 'failed',
    found: expect.stringContaining(code),
    fix: expect.stringContaining(fix),
  });
  expect(checks.url!.found).not.toContain('secret');
});

test.each([
  ['nxdomain', 'ENOTFOUND'],
  ['servfail', 'ESERVFAIL'],
  ['silence', 'ETIMEOUT'],
] as const)('a name whose name server answers %s fails at DNS with %s', async (answer, code) => {
  const checks = await checksOf('https://hooks.example.com/', { zone: () => answer });

  expect(statusesOf(checks)).toEqual({ url: 'ok', dns: 'failed' });
  expect(checks.dns!.found).toContain(code);
});

test('a port on which nothing listens fails at the connection', async () => {
  const receiver = await startReceiver([200]);
  await receiver.close();
  const checks = await checksOf(`http://127.0.0.1:${receiver.port}/`);

  expect(checks.connection).toMatchObject({
    status: 'failed',
    found: expect.stringContaining('ECONNREFUSED'),
  });
});

const PUBLIC_ZONE = (_: string, type: string) => (type === 'A' ? ['203.0.114.1'] : []);

test('a receiver behind the proxy is reached through it, and the password of the proxy is not shown', async () => {
  const proxy = await startConnectProxy();
  closers.push(proxy.close);
  const receiver = await receiverThat([200]);
  const checks = await checksOf(`http://hooks.example.com:${receiver.port}/`, {
    env: { POSTHORN_EGRESS_PROXY: `http://user:pr0xy-secret@127.0.0.1:${proxy.port}` },
    zone: PUBLIC_ZONE,
  });

  expect(checks.proxy).toMatchObject({
    status: 'ok',
    found: `Requests go through http://127.0.0.1:${proxy.port}.`,
  });
  expect(checks.response).toMatchObject({ status: 'ok' });
  expect(proxy.connects).toMatchObject([{ authority: `203.0.114.1:${receiver.port}` }]);
  expect(JSON.stringify(checks)).not.toContain('pr0xy-secret');
});

test.each([
  [{ status: 407 }, 'user name or password'],
  [{ status: 502 }, '502'],
  ['hang up', 'did not respond to CONNECT over HTTP'],
] as const)('a proxy that answers %j is the fault', async (step, words) => {
  const proxy = await startConnectProxy();
  closers.push(proxy.close);
  proxy.answer = () => step;
  const checks = await checksOf('https://hooks.example.com/', {
    env: { POSTHORN_EGRESS_PROXY: `http://127.0.0.1:${proxy.port}` },
    zone: PUBLIC_ZONE,
  });

  expect(checks.proxy).toMatchObject({ status: 'failed', found: expect.stringContaining(words) });
  expect(checks.connection).toBeUndefined();
});
