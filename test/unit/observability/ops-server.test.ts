import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Registry } from 'prom-client';
import { serveMetrics } from '../../../src/observability/serve-metrics.ts';
import { serveHealth } from '../../../src/service/serve-health.ts';
import { eventually } from '../../set-up/eventually.ts';

const HOST = '127.0.0.1';
const sockets: Socket[] = [];
let server: { port: number; close(): Promise<void> };
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await server.close();
});

async function open(): Promise<Socket> {
  const socket = connect(server.port, HOST).on('error', () => {});
  sockets.push(socket);
  await once(socket, 'connect');
  return socket;
}

test.each([
  ['/healthz', () => serveHealth(0, HOST, async () => ({ ready: true, components: {} }))],
  ['/metrics', () => serveMetrics(0, HOST, new Registry())],
])('%s responds despite hundreds of idle connections, of which few are kept', async (path, serve) => {
  server = await serve();
  for (let n = 0; n < 200; n++) await open();

  expect((await fetch(`http://${HOST}:${server.port}${path}`)).status).toBe(200);
  await eventually(() => sockets.filter(({ closed }) => !closed).length <= 32);
});

test('concurrent requests for metrics get the same page', async () => {
  let gathered = 0;
  const { promise: until, resolve: goOn } = Promise.withResolvers<string>();
  server = await serveMetrics(0, HOST, new Registry(), () => {
    gathered += 1;
    return until;
  });
  const socket = await open();
  let text = '';
  socket.on('data', (chunk) => (text += chunk));

  socket.write(`GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n`.repeat(50));
  await eventually(() => gathered > 0);
  goOn('one_of_the_sdk 1\n');

  await eventually(() => text.split('one_of_the_sdk').length === 51);
  expect(gathered).toBe(1);
});
