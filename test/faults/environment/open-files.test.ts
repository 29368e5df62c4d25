import { connect, type Socket } from 'node:net';
import { type Receiver, startReceiver } from '../../receivers/receiver.ts';
import { type SilentOrigins, startSilentOrigins } from '../../receivers/silent-origins.ts';
import { eventually } from '../../set-up/eventually.ts';
import { SECRET } from '../../set-up/targets.ts';
import { type Installation, installOnSharedServers } from '../installation/installation.ts';
import { endAllProcesses } from '../installation/posthorn-process.ts';

let posthorn: Installation;
let receiver: Receiver;
let silent: SilentOrigins;
const sockets = new Set<Socket>();

beforeEach(async () => {
  posthorn = await installOnSharedServers();
  receiver = await startReceiver([200]);
  silent = await startSilentOrigins();
});
afterEach(async () => {
  await endAllProcesses();
  for (const socket of sockets) socket.destroy();
  silent.close();
  await receiver.close();
  await posthorn.close();
});

/** Connections that never send anything, as many as are let in. */
async function connectIdly(port: number, count: number): Promise<void> {
  for (let n = 0; n < count; n++) {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    sockets.add(socket);
    if (n % 100 === 99) await new Promise((resolve) => setImmediate(resolve));
  }
}

const batchOf = (count: number, from: number) => ({
  events: Array.from({ length: count }, (_, n) => ({
    type: 'a.b',
    data: {},
    target: { url: silent.url(from + n), secret: SECRET },
  })),
});

async function deliverOne(key: string): Promise<string> {
  const { status } = await posthorn.api.call<{ status: string }>(key, 'POST', '/v1/events?wait=30s', {
    type: 'a.b',
    data: {},
  });
  return status;
}

test('more idle connections than file descriptors do no harm', async () => {
  const running = await posthorn.startBoth({}, { openFiles: 1_500 });
  const { key } = await posthorn.api.newProject({ timeout: '60s' });
  await posthorn.api.call(key, 'POST', '/v1/endpoints', { url: receiver.url });

  await connectIdly(Number(posthorn.env.POSTHORN_PORT), 2_200);

  for (let n = 0; n < 5; n++) expect(await deliverOne(key)).toBe('delivered');
  expect(await running.end('SIGTERM')).toBe(0);
});

test('thousands of unresponsive receivers do not use up the file descriptors, before and after a restart', async () => {
  let running = await posthorn.startBoth({}, { openFiles: 700 });
  const { key: busy } = await posthorn.api.newProject({ timeout: '60s' });
  const { key: quiet } = await posthorn.api.newProject({ timeout: '60s' });
  await posthorn.api.call(quiet, 'POST', '/v1/endpoints', { url: receiver.url });
  for (let n = 0; n < 3; n++) {
    await posthorn.api.call(busy, 'POST', '/v1/events/batch', batchOf(1_000, n * 1_000));
  }
  await eventually(() => silent.connections() > 100);

  for (let n = 0; n < 3; n++) expect(await deliverOne(quiet)).toBe('delivered');
  expect(running.output()).not.toMatch(/EMFILE/);

  await running.end('SIGKILL');
  running = await posthorn.startBoth({}, { openFiles: 700 });
  await eventually(() => silent.connections() > 100);
  expect(await deliverOne(quiet)).toBe('delivered');
  expect(running.output()).not.toMatch(/EMFILE/);
});
