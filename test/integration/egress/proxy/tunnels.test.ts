import { createSecureContext } from 'node:tls';
import { createAddressGuard } from '../../../../src/egress/addresses/address-guard.ts';
import { createTlsContext } from '../../../../src/egress/connections/tls-identity.ts';
import { parseProxyUrl } from '../../../../src/egress/proxy/proxy-url.ts';
import { certificate, testAuthority } from '../../../receivers/certificates.ts';
import { createClientAuthority } from '../../../receivers/client-certificates.ts';
import { startConnectProxy } from '../../../receivers/connect-proxy.ts';
import { eventually } from '../../../set-up/eventually.ts';
import { lookupIn } from '../outbound-per-test.ts';
import { PUBLIC, proxyPerTest } from './proxy-per-test.ts';

const { proxy, startReceiver, create, post } = proxyPerTest();
const trusting = { certificateAuthorities: [testAuthority()] };

test('a tunnel is requested for the checked address, and the certificate is checked for the name', async () => {
  const receiver = await startReceiver({ tls: certificate('trusted') });
  create({}, trusting);

  expect(await post(`https://localhost:${receiver.port}/hook`)).toMatchObject({ outcome: 'delivered' });

  expect(proxy().connects).toEqual([{ authority: `${PUBLIC}:${receiver.port}`, authorization: undefined }]);
  expect(receiver.requests).toMatchObject([
    { path: '/hook', headers: { host: `localhost:${receiver.port}` } },
  ]);
});

test('a receiver behind the proxy with a certificate for another name gets no byte of the request', async () => {
  const receiver = await startReceiver({ tls: certificate('wrong-host') });
  create({}, trusting);

  expect(await post(`https://localhost:${receiver.port}/`)).toMatchObject({
    outcome: 'tls_failed',
    error: { code: 'ERR_TLS_CERT_ALTNAME_INVALID' },
  });
  expect(receiver.requests).toEqual([]);
});

test('a client certificate is shown to the receiver through a tunnel, and not to the proxy', async () => {
  const authority = createClientAuthority();
  const secured = await startConnectProxy({ tls: { ...certificate('trusted') } });
  const receiver = await startReceiver({
    tls: { ...certificate('trusted'), requestCert: true, ca: authority.certificate },
  });
  const address = parseProxyUrl(`https://127.0.0.1:${secured.port}`)!;
  create({ address, secureContext: createSecureContext({ ca: testAuthority() }) }, trusting);
  const send = (id: string) => {
    const material = { clientCertificate: authority.issue(id), authorities: testAuthority() };
    const secureContext = createTlsContext(material, []);
    return post(`https://localhost:${receiver.port}/`, {
      tls: { id, secureContext, hasClientCertificate: true },
    });
  };

  for (const id of ['first', 'second', 'first'])
    expect(await send(id)).toMatchObject({ outcome: 'delivered' });

  expect(receiver.requests.map(({ client }) => client)).toEqual(['first', 'second', 'first']);
  expect(secured.connects).toHaveLength(2);
  await secured.close();
});

test('a receiver without TLS is reached through a tunnel as well', async () => {
  const receiver = await startReceiver();
  create();

  expect(await post(`http://receiver.example:${receiver.port}/`)).toMatchObject({ outcome: 'delivered' });
  expect(proxy().connects).toHaveLength(1);
});

test('the user name and the password of the proxy are sent to the proxy only', async () => {
  const receiver = await startReceiver();
  const address = parseProxyUrl(`http://post%40horn:p%3Ass@127.0.0.1:${proxy().port}`)!;
  create({ address });

  await post(`http://receiver.example:${receiver.port}/`);

  const expected = `Basic ${Buffer.from('post@horn:p:ss').toString('base64')}`;
  expect(proxy().connects).toMatchObject([{ authorization: expected }]);
  expect(receiver.requests[0]!.headers).not.toHaveProperty('proxy-authorization');
});

test('a tunnel is kept for the next request to the receiver, and for no other receiver', async () => {
  const [first, second] = [await startReceiver(), await startReceiver()];
  const outbound = create();

  await post(`http://receiver.example:${first.port}/`);
  await post(`http://receiver.example:${first.port}/`);
  await post(`http://receiver.example:${second.port}/`);

  expect(proxy().connects.map(({ authority }) => authority)).toEqual([
    `${PUBLIC}:${first.port}`,
    `${PUBLIC}:${second.port}`,
  ]);
  expect(first.connections()).toBe(1);
  expect(outbound.stats()).toMatchObject({ pools: 2, connections: 2, idle: 2 });
});

test('a tunnel is closed when the name of its receiver moves to another address', async () => {
  const receiver = await startReceiver();
  create({}, { lookup: lookupIn([PUBLIC], ['203.0.114.2']), dnsRefreshMs: 0 });
  const send = () => post(`http://receiver.example:${receiver.port}/`);

  await eventually(async () => {
    await send();
    return proxy().connects.some(({ authority }) => authority === `203.0.114.2:${receiver.port}`);
  });
});

test('an IPv6 address is written in brackets', async () => {
  const receiver = await startReceiver();
  create({}, { lookup: lookupIn(['2606:4700::1111']) });

  expect(await post(`http://receiver.example:${receiver.port}/`)).toMatchObject({ outcome: 'delivered' });
  expect(proxy().connects).toMatchObject([{ authority: `[2606:4700::1111]:${receiver.port}` }]);
});

test('the next address of a receiver is tried when the proxy cannot connect to the first', async () => {
  const receiver = await startReceiver();
  proxy().answer = (authority) => (authority.startsWith('203.0.114.2') ? { status: 502 } : 'tunnel');
  create({}, { lookup: lookupIn(['203.0.114.2', PUBLIC]) });

  expect(await post(`http://receiver.example:${receiver.port}/`)).toMatchObject({ outcome: 'delivered' });
  expect(proxy().connects).toHaveLength(2);
});

test.each([
  ['is private', ['10.1.2.3']],
  ['is the loopback of the proxy', ['127.0.0.1']],
  ['is private beside a public one', [PUBLIC, '169.254.169.254']],
])('no tunnel is requested for a name whose address %s', async (_case, addresses) => {
  const receiver = await startReceiver();
  create({}, { lookup: lookupIn(addresses) });

  expect(await post(`http://receiver.example:${receiver.port}/`)).toMatchObject({
    outcome: 'blocked',
    error: { code: 'ADDRESS_NOT_ALLOWED' },
  });
  expect(proxy().connects).toEqual([]);
});

test('a name that resolves to a private address after the check cannot lead the proxy there', async () => {
  const receiver = await startReceiver();
  create({}, { lookup: lookupIn([PUBLIC], ['10.1.2.3']) });

  await post(`http://receiver.example:${receiver.port}/`);

  expect(proxy().connects.map(({ authority }) => authority)).toEqual([`${PUBLIC}:${receiver.port}`]);
});

test('a receiver in the list of exceptions is reached without the proxy', async () => {
  const receiver = await startReceiver();
  create(
    { noProxy: ['.inside.example', '127.0.0.0/8'] },
    { lookup: lookupIn(['127.0.0.1']), guard: createAddressGuard(['127.0.0.0/8']) },
  );

  for (const host of ['a.inside.example', 'named.example', '127.0.0.1'])
    expect(await post(`http://${host}:${receiver.port}/`)).toMatchObject({ outcome: 'delivered' });
  expect(proxy().connects).toEqual([]);
});

test('a proxy with TLS is reached if its certificate is trusted for its name, also for a receiver with TLS', async () => {
  const receiver = await startReceiver({ tls: certificate('trusted') });
  const tlsProxy = await startConnectProxy({ tls: certificate('trusted') });
  const address = { host: 'localhost', port: tlsProxy.port, secure: true };
  const lookup = async () => ['127.0.0.1'];
  const secureContext = createSecureContext({ ca: testAuthority() });
  create({ address, lookup, secureContext }, trusting);

  expect(await post(`https://localhost:${receiver.port}/`)).toMatchObject({ outcome: 'delivered' });
  expect(tlsProxy.connects).toHaveLength(1);
  await tlsProxy.close();
});

test('what a receiver sends together with the response of the proxy is not lost', async () => {
  const { createServer } = await import('node:net');
  const early = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () =>
      socket.write('HTTP/1.1 200 Connection established\r\n\r\nSSH-2.0-OpenSSH_9.2\r\n'),
    );
  });
  await new Promise<void>((resolve) => early.listen(0, '127.0.0.1', resolve));
  const { port } = early.address() as { port: number };
  create({ address: { host: '127.0.0.1', port, secure: false } });

  expect(await post('http://receiver.example/')).toMatchObject({
    outcome: 'invalid_response',
    error: { code: 'NOT_HTTP' },
  });
  expect(await post('https://receiver.example/')).toMatchObject({ outcome: 'tls_failed' });
  await new Promise((resolve) => early.close(resolve));
});
