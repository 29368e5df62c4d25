import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import {
  createTlsContext,
  type TlsIdentity,
  type TlsMaterial,
} from '../../../../src/egress/connections/tls-identity.ts';
import { certificate, privateRoot, testAuthority } from '../../../receivers/certificates.ts';
import { createClientAuthority } from '../../../receivers/client-certificates.ts';
import { type Receiver, startReceiver } from '../../../receivers/receiver.ts';
import { outboundPerTest } from '../outbound-per-test.ts';

const { create, post } = outboundPerTest();
const authority = createClientAuthority();
const intermediate = authority.intermediate('Below');

const folder = mkdtempSync(join(tmpdir(), 'posthorn-mtls-'));
let receiver: Receiver | undefined;
let server: ChildProcess | undefined;
afterEach(async () => {
  await receiver?.close();
  server?.kill();
  [receiver, server] = [undefined, undefined];
});
afterAll(() => rmSync(folder, { recursive: true }));

const identityOf = (id: string, material: Partial<TlsMaterial>): TlsIdentity => {
  const complete = { clientCertificate: null, authorities: null, ...material };
  return {
    id,
    secureContext: createTlsContext(complete, [testAuthority()]),
    hasClientCertificate: complete.clientCertificate !== null,
  };
};
const showing = (name: string, from = authority): TlsIdentity =>
  identityOf(name, { clientCertificate: from.issue(name) });

const demanding = { ...certificate('trusted'), requestCert: true, ca: authority.certificate };
const send = (port: number, tls?: TlsIdentity) => post(`https://localhost:${port}/`, { tls });

test('a receiver that requires a client certificate gets the one of the endpoint, with its chain', async () => {
  receiver = await startReceiver([200], { tls: demanding });
  create();
  const below = intermediate.issue('below');
  const chained = { ...below, certificate: below.certificate + intermediate.certificate };

  expect(await send(receiver.port, showing('sender'))).toMatchObject({ outcome: 'delivered' });
  expect(await send(receiver.port, identityOf('chain', { clientCertificate: chained }))).toMatchObject({
    outcome: 'delivered',
  });
  expect(receiver.requests.map(({ client }) => client)).toEqual(['sender', 'below']);
});

test('connections are reused under one identity and never under another', async () => {
  receiver = await startReceiver([200], { tls: demanding });
  const outbound = create();
  const [a, b] = [showing('a'), showing('b')];

  for (const tls of [a, b, a, b, a]) await send(receiver.port, tls);

  expect(receiver.requests.map(({ client }) => client)).toEqual(['a', 'b', 'a', 'b', 'a']);
  expect(receiver.connections()).toBe(2);
  expect(outbound.stats()).toMatchObject({ pools: 2, idle: 2 });
});

test('a connection without a client certificate is not used for a request with one, and the reverse', async () => {
  receiver = await startReceiver([200], { tls: { ...certificate('trusted') } });
  create({ certificateAuthorities: [testAuthority()] });

  for (const tls of [undefined, showing('a'), undefined]) await send(receiver.port, tls);

  expect(receiver.connections()).toBe(2);
});

test.each(['TLSv1.2', 'TLSv1.3'] as const)(
  'a TLS session is never resumed, with %s under one identity or another',
  async (maxVersion) => {
    const sessions: { client: string; isReused: boolean }[] = [];
    const https = createServer({ ...demanding, maxVersion }, (request, response) => {
      const socket = request.socket as TLSSocket;
      sessions.push({
        client: String(socket.getPeerCertificate().subject.CN),
        isReused: socket.isSessionReused(),
      });
      request.resume().on('end', () => response.writeHead(200, { connection: 'close' }).end());
    });
    await new Promise<void>((resolve) => https.listen(0, '127.0.0.1', resolve));
    create();
    const [a, b] = [showing('a'), showing('b')];

    for (const tls of [a, b, a]) await send((https.address() as AddressInfo).port, tls);

    expect(sessions).toEqual(['a', 'b', 'a'].map((client) => ({ client, isReused: false })));
    https.close();
  },
);

test('an endpoint that changes its certificate in a loop fills neither the pools nor the sockets', async () => {
  receiver = await startReceiver([200], { tls: demanding });
  const outbound = create({ maxIdlePools: 4, maxSockets: 8 });
  const clientCertificate = authority.issue('sender');

  for (let n = 0; n < 40; n++) {
    await send(receiver.port, identityOf(`version ${n}`, { clientCertificate }));
    const { pools, connections } = outbound.stats();
    expect(pools).toBeLessThanOrEqual(5);
    expect(connections).toBeLessThanOrEqual(8);
  }
  expect(receiver.requests).toHaveLength(40);
});

/** The port of an openssl server that requires a client certificate, and says in an alert why it refuses one. */
async function startOpensslServer(...options: string[]): Promise<number> {
  writeFileSync(join(folder, 'server'), certificate('trusted').cert + certificate('trusted').key);
  writeFileSync(join(folder, 'clients'), authority.certificate);
  const args = ['s_server', '-accept', '127.0.0.1:0', '-cert', 'server', '-CAfile', 'clients'];
  server = spawn('openssl', [...args, '-Verify', '3', '-verify_return_error', ...options], { cwd: folder });
  return new Promise((resolve, reject) => {
    let output = '';
    server!.on('exit', () => reject(new Error(output)));
    server!.stderr!.on('data', (chunk: Buffer) => (output += chunk.toString()));
    server!.stdout!.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      const port = /^ACCEPT \S+:(\d+)/m.exec(output)?.[1];
      if (port) resolve(Number(port));
    });
  });
}

test.each<[string, () => TlsIdentity, string, RegExp]>([
  [
    'one of another authority',
    () => showing('stranger', createClientAuthority('Strangers')),
    'TLS_ALERT_UNKNOWN_CA',
    /does not trust the authority of the client certificate/,
  ],
  [
    'one without its intermediate',
    () => showing('below', intermediate),
    'TLS_ALERT_UNKNOWN_CA',
    /intermediate certificates/,
  ],
  [
    'one that has expired',
    () => identityOf('old', { clientCertificate: authority.issue('old', { days: -1 }) }),
    'TLS_ALERT_CERTIFICATE_EXPIRED',
    /the client certificate has expired/,
  ],
])('a receiver that is shown %s says why it refuses', async (_case, identity, code, pattern) => {
  const port = await startOpensslServer('-tls1_2');
  create();

  expect(await send(port, identity())).toMatchObject({
    outcome: 'tls_failed',
    error: { code, message: expect.stringMatching(pattern) },
  });
});

test('with TLS 1.2 a receiver that is shown none refuses the handshake', async () => {
  const port = await startOpensslServer('-tls1_2');
  create();

  expect(await send(port)).toMatchObject({ outcome: 'tls_failed' });
  expect(await send(port, identityOf('none', {}))).toMatchObject({
    outcome: 'tls_failed',
    error: {
      code: 'TLS_ALERT_HANDSHAKE_FAILURE',
      message: expect.stringMatching(/set tls\.clientCertificate of the endpoint/),
    },
  });
});

// The alert follows the handshake. The connection may break before it is read, because the request is sent meanwhile.
test('with TLS 1.3 a refusal names the client certificate, whether its alert is read or not', async () => {
  const port = await startOpensslServer('-tls1_3');
  create();
  const stranger = showing('stranger', createClientAuthority('Strangers'));

  for (let n = 0; n < 5; n++) {
    const result = await send(port, stranger);
    expect(result).toMatchObject({
      kind: 'failed',
      error: { message: expect.stringMatching(/client certificate/) },
    });
  }
});

test('a receiver that closes the connection without an alert may not accept the certificate, which the message says', async () => {
  receiver = await startReceiver([200], { tls: demanding });
  create();

  const result = await send(receiver.port, showing('stranger', createClientAuthority('Strangers')));

  expect(result).toMatchObject({
    error: { code: 'ECONNRESET', message: expect.stringMatching(/does not accept the client certificate/) },
  });
  expect(receiver.requests).toEqual([]);
});

test('with authorities of its own, an endpoint trusts only those, and without them those of the process', async () => {
  receiver = await startReceiver([200], { tls: certificate('trusted') });
  create();
  const outcomeWith = async (id: string, authorities: string | null) =>
    (await send(receiver!.port, identityOf(id, { authorities }))) as { outcome: string };

  expect(await outcomeWith('own', testAuthority())).toMatchObject({ outcome: 'delivered' });
  expect(await outcomeWith('none', null)).toMatchObject({ outcome: 'delivered' });
  expect(await outcomeWith('other', privateRoot())).toMatchObject({ outcome: 'tls_failed' });
});

test('an endpoint may trust the certificate of its receiver itself', async () => {
  receiver = await startReceiver([200], { tls: certificate('self-signed') });
  create();

  const tls = identityOf('self-signed', { authorities: certificate('self-signed').cert });
  expect(await send(receiver.port, tls)).toMatchObject({ outcome: 'delivered' });
});
