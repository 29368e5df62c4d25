import { createServer as createHttp2Server } from 'node:http2';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { createServer, type Server } from 'node:tls';
import type { Config } from '../../../src/config/config.ts';
import { connectToTemporal } from '../../../src/temporal/connect.ts';
import { describeTemporalFailure } from '../../../src/temporal/describe-failure.ts';
import { certificate, testAuthority } from '../../receivers/certificates.ts';
import { quietRuntime } from '../../set-up/quiet-runtime.ts';
import { temporalAddress } from '../../set-up/servers/temporal.ts';

let front: Server;
let address: string;
const names: (string | false)[] = [];
const sockets = new Set<Socket>();

/** The Temporal server of the run behind TLS, with a certificate of a private authority for other.example. */
beforeAll(async () => {
  quietRuntime();
  const [host, port] = temporalAddress().split(':') as [string, string];
  front = createServer({ ...certificate('wrong-host'), ALPNProtocols: ['h2'] }, (client) => {
    names.push(client.servername ?? false);
    const server = connect({ host, port: Number(port) });
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    }
    client.pipe(server).pipe(client);
  });
  front.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
  address = `localhost:${(front.address() as AddressInfo).port}`;
});
afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => front.close(resolve));
});

const connectWith = async (tls: Partial<Config['temporal']>): Promise<string> => {
  const config = { address, namespace: 'default', taskQueue: 'posthorn', ...tls };
  try {
    const connection = await connectToTemporal(config, new AbortController().signal);
    await connection.close();
    return 'connected';
  } catch (error) {
    return describeTemporalFailure(error, config);
  }
};
const authority = Buffer.from(testAuthority());

test('Temporal is trusted if its authority and the name of its certificate are given', async () => {
  expect(await connectWith({ tlsServerCa: authority, tlsServerName: 'other.example' })).toBe('connected');
  expect(names).toContain('other.example');
});

test('without the authority or the name, the failure says which variable to set', async () => {
  expect(await connectWith({ tlsServerName: 'other.example' })).toContain('TEMPORAL_TLS_SERVER_CA');
  expect(await connectWith({ tlsServerCa: authority })).toContain('TEMPORAL_TLS_SERVER_NAME');
});

test('the headers of a profile are sent with each call', async () => {
  const teams: unknown[] = [];
  const server = createHttp2Server((request, response) => {
    teams.push(request.headers['x-team']);
    response.writeHead(200, { 'content-type': 'application/grpc' });
    response.write(Buffer.alloc(5)); // an empty message
    response.addTrailers({ 'grpc-status': '0' });
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const own = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const connection = await connectToTemporal(
      { address: own, namespace: 'default', taskQueue: 'posthorn', metadata: { 'x-team': 'payments' } },
      new AbortController().signal,
    );
    await connection.close();
  } finally {
    server.close();
  }
  expect(teams).toContain('payments');
});
