import { findFreePort } from '../../../src/embedded/free-port.ts';
import { type Receiver, startReceiver } from '../../receivers/receiver.ts';
import { eventually } from '../../set-up/eventually.ts';
import { type Installation, installOnSharedServers } from '../installation/installation.ts';
import { nonEphemeralPort } from '../installation/own-servers.ts';
import { endAllProcesses, startProgram } from '../installation/posthorn-process.ts';

let posthorn: Installation;
let receiver: Receiver;

beforeEach(async () => {
  posthorn = await installOnSharedServers();
  receiver = await startReceiver([500, 200]);
});
afterEach(async () => {
  await endAllProcesses();
  await receiver.close();
  await posthorn.close();
});

test('a workflow that fails on incompatible code is logged and counted, and its delivery continues', async () => {
  const metricsPort = String(await findFreePort(nonEphemeralPort()));
  const [api, worker] = await Promise.all([
    posthorn.startApi({ POSTHORN_METRICS_PORT: metricsPort }),
    posthorn.startWorker(),
  ]);
  const project = await posthorn.api.newProject({ delays: ['10s'], timeout: '3s' });
  await posthorn.api.newEndpoint(project, receiver.url, ['*']);
  await posthorn.api.call(project.key, 'POST', '/v1/events', { type: 'a.b', data: {} });
  const statusIs = (status: string) =>
    eventually(
      async () =>
        (await posthorn.pool.query('SELECT FROM deliveries WHERE status = $1', [status])).rowCount === 1,
      90_000,
    );
  await statusIs('retrying');
  await worker.end('SIGTERM');

  const changed = startProgram('test/faults/installation/changed-worker.ts', posthorn.env);
  const printed = await changed.untilPrinted(/^.*workflows failed because their history.*$/m);
  await changed.end('SIGKILL');
  await posthorn.startWorker();
  await statusIs('delivered');

  expect(JSON.parse(printed[0])).toMatchObject({
    level: 'error',
    count: 1,
    reason: expect.stringMatching(/^\[TMPRL1100\]/),
  });
  const [line] = await api.untilPrinted(/^.*a workflow failed with open deliveries.*$/m);
  expect(JSON.parse(line)).toMatchObject({ level: 'error', failure: 'Nondeterminism', deliveries: 1 });
  const metrics = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
  expect(metrics).toContain('posthorn_workflows_failed_total{failure="Nondeterminism"} 1');
});
