import { once } from 'node:events';
import { createServer as createHttp2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import {
  type CertificateName,
  certificate,
  privateIntermediate,
  privateRoot,
  testAuthority,
} from '../../../receivers/certificates.ts';
import { startMisbehavingReceiver } from '../../../receivers/misbehaving-receiver.ts';
import { type Receiver, startReceiver } from '../../../receivers/receiver.ts';
import { lookupIn, outboundPerTest } from '../outbound-per-test.ts';

const { create, post } = outboundPerTest();
let receiver: Receiver | undefined;

afterEach(async () => {
  await receiver?.close();
  receiver = undefined;
});

const startTls = async (name: CertificateName) => {
  receiver = await startReceiver([200], { tls: certificate(name) });
  return create({ certificateAuthorities: [testAuthority()], lookup: lookupIn(['127.0.0.1']) });
};

test.each(['localhost', '127.0.0.1'])(
  'a request is delivered if the certificate is trusted for %s',
  async (host) => {
    await startTls('trusted');

    expect(await post(`https://${host}:${receiver!.port}/`)).toMatchObject({ outcome: 'delivered' });
    expect(await post(`https://${host}:${receiver!.port}/`)).toMatchObject({
      outcome: 'delivered',
      resent: false,
    });
    expect(receiver!.connections()).toBe(1);
  },
);

test.each<[CertificateName, string, string]>([
  ['self-signed', 'localhost', 'DEPTH_ZERO_SELF_SIGNED_CERT'],
  ['expired', 'localhost', 'CERT_HAS_EXPIRED'],
  ['wrong-host', 'localhost', 'ERR_TLS_CERT_ALTNAME_INVALID'],
  ['wrong-host', '127.0.0.1', 'ERR_TLS_CERT_ALTNAME_INVALID'],
  ['trusted', 'other.example', 'ERR_TLS_CERT_ALTNAME_INVALID'],
])(
  'a certificate that is %s for %s is tls_failed with %s, and no byte of the request is sent',
  async (name, host, code) => {
    const outbound = await startTls(name);
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
])('a receiver whose certificate %s', async (_case, name, chain, code, pattern) => {
  const { key, cert } = certificate(name);
  receiver = await startReceiver([200], {
    tls: { key, cert: [cert, ...chain.map((read) => read())].join('') },
  });
  create({ certificateAuthorities: [privateRoot()] });

  const result = await post(`https://localhost:${receiver.port}/`);
  if (code === null) return expect(result).toMatchObject({ outcome: 'delivered' });
  const message = expect.stringMatching(pattern);
  expect(result).toMatchObject({ outcome: 'tls_failed', error: { code, message } });
});

test.each<[string, (() => string)[], string]>([
  ['without it', [privateIntermediate], 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'],
  ['with it', [privateIntermediate, privateRoot], 'SELF_SIGNED_CERT_IN_CHAIN'],
])(
  'a chain to a private root, sent %s, fails because its authority is unknown',
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

test('an authority that is not configured is not trusted', async () => {
  receiver = await startReceiver([200], { tls: certificate('trusted') });
  create();

  expect(await post(`https://localhost:${receiver.port}/`)).toMatchObject({
    outcome: 'tls_failed',
    error: { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' },
  });
});

test('plain HTTP on an https URL is tls_failed', async () => {
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
    'supports only TLS 1.1',
    { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' },
    'TLS_VERSION_TOO_OLD',
  ],
  ['supports only HTTP/2', { ALPNProtocols: ['h2'] }, 'HTTP2_ONLY'],
  ['has no certificate for the host', { SNICallback: (_, done) => done(new Error('no')) }, 'ECONNRESET'],
])('a receiver that %s fails with a code of its own', async (_case, options, code) => {
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

test('a receiver that supports only HTTP/2 without TLS fails with a code of its own', async () => {
  const server = createHttp2Server().listen(0, '127.0.0.1');
  await once(server, 'listening');
  create();

  expect(await post(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)).toMatchObject({
    outcome: 'invalid_response',
    error: { code: 'HTTP2_ONLY' },
  });
  server.close();
});

test('a handshake that never finishes times out at the deadline', async () => {
  const silent = await startMisbehavingReceiver('neverResponds');
  create();
  const startedAt = performance.now();

  expect(await post(`https://127.0.0.1:${silent.port}/`, { timeoutMs: 300 })).toMatchObject({
    outcome: 'timeout',
    error: { code: 'TLS_TIMEOUT' },
  });
  expect(performance.now() - startedAt).toBeLessThan(300 + 5_000);
  await silent.untilNoneOpen();
  await silent.close();
});
