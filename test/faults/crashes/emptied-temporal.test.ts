import { eventually } from '../../set-up/eventually.ts';
import { type Installation, installOn } from '../installation/installation.ts';
import { untilAllDelivered } from '../installation/ledger.ts';
import { type OwnServers, startOwnServers } from '../installation/own-servers.ts';
import { endAllProcesses } from '../installation/posthorn-process.ts';
import { type StreamReceiver, startStreamReceiver } from '../installation/stream-receiver.ts';

const RETRYING = `SELECT FROM deliveries WHERE event_id = 'waits' AND status = 'retrying' AND owner IS NOT NULL`;

let servers: OwnServers;
let posthorn: Installation;
let receiver: StreamReceiver;

beforeAll(async () => {
  servers = await startOwnServers();
});
beforeEach(async () => {
  posthorn = await installOn(servers);
  receiver = await startStreamReceiver();
});
afterEach(async () => {
  await endAllProcesses();
  await receiver.close();
  await posthorn.close();
});
afterAll(() => servers.stop());

test('running processes continue waiting deliveries when Temporal returns with an empty database', async () => {
  await posthorn.startAll();
  const project = await posthorn.api.newProject({ delays: ['5s'], timeout: '3s' });
  await posthorn.api.newEndpoint(project, `${receiver.origin}/flaky/2`, ['retried']);
  await posthorn.api.call(project.key, 'POST', '/v1/events', { id: 'waits', type: 'retried', data: {} });
  // A server may take 10 s to know a namespace that has just been made.
  await eventually(async () => (await posthorn.pool.query(RETRYING)).rowCount === 1);

  await servers.temporal.kill();
  servers.temporal.deleteData();
  await servers.temporal.start();

  await untilAllDelivered(posthorn.pool, 120_000);
  await eventually(async () => (await fetch(`${posthorn.api.url}/readyz`)).status === 200);
});
