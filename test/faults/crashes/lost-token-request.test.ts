import { type Receiver, startReceiver } from '../../receivers/receiver.ts';
import { startTokenServer, type TokenServer } from '../../receivers/token-server.ts';
import { type Installation, installOnSharedServers, isExpress } from '../installation/installation.ts';
import { untilAllDelivered } from '../installation/ledger.ts';
import { endAllProcesses } from '../installation/posthorn-process.ts';

const EVENTS = 5;

let posthorn: Installation;
let receiver: Receiver;
let server: TokenServer;

beforeEach(async () => {
  [posthorn, receiver, server] = await Promise.all([
    installOnSharedServers(),
    startReceiver(),
    startTokenServer(),
  ]);
});
afterEach(async () => {
  await endAllProcesses();
  await Promise.all([receiver.close(), server.close()]);
  await posthorn.close();
});

test('a process that is killed while it requests a token has sent nothing, and each event is delivered once by the next', async () => {
  const startSender = () => (isExpress ? posthorn.startBoth() : posthorn.startWorker());
  if (!isExpress) await posthorn.startApi();
  const sender = await startSender();
  const { key } = await posthorn.api.newProject({ timeout: '60s', delays: ['1s', '1s', '1s'] });
  const oauth = { tokenUrl: server.tokenUrl, clientId: 'webhooks', clientSecret: 'secret' };
  await posthorn.api.call(key, 'POST', '/v1/endpoints', { url: receiver.url, oauth });
  server.respondWith(() => {});
  await Promise.all(
    Array.from({ length: EVENTS }, () =>
      posthorn.api.call(key, 'POST', '/v1/events', { type: 'a.b', data: {} }),
    ),
  );
  await server.untilReceived(1);

  await sender.end('SIGKILL');
  server.respondWith(null);
  await startSender();

  await untilAllDelivered(posthorn.pool, 120_000);
  const ids = receiver.requests.map(({ headers }) => headers['webhook-id']);
  expect([ids.length, new Set(ids).size]).toEqual([EVENTS, EVENTS]);
  expect(new Set(receiver.requests.map(({ headers }) => headers.authorization))).toEqual(
    new Set([`Bearer ${server.tokens[0]}`]),
  );
});
