import { Client, Connection } from '@temporalio/client';
import type { Receiver } from '../../receivers/receiver.ts';
import { type Release, releaseWithNewStep } from '../installation/changed-release.ts';
import { type Installation, installOnSharedServers } from '../installation/installation.ts';
import { endAllProcesses, startLauncher } from '../installation/posthorn-process.ts';
import {
  startRefusingReceiver,
  type WaitingWorkflows,
  waitingWorkflows,
  workflowsIn,
} from './waiting-workflows.ts';

const WORKFLOWS = Number(process.env.POSTHORN_TEST_DEPLOY_WORKFLOWS ?? 200);

let posthorn: Installation;
let receiver: Receiver;
let release: Release;
let connection: Connection;
let temporal: Client;
let waiting: WaitingWorkflows;

beforeEach(async () => {
  posthorn = await installOnSharedServers();
  connection = await Connection.connect({ address: posthorn.env.TEMPORAL_ADDRESS! });
  temporal = new Client({ connection, namespace: posthorn.env.TEMPORAL_NAMESPACE! });
  receiver = await startRefusingReceiver();
});
afterEach(async () => {
  await endAllProcesses();
  await connection.close();
  await receiver.close();
  await posthorn.close();
  release.remove();
});

/** How long each half took, and when the old worker had ended. */
type Deploy = { seconds: [number, number]; oldEndedAt: Date };

/** Replaces the worker while the workflows wait: half of them become due while both run, the others afterwards. */
async function deploy(): Promise<Deploy> {
  const [, old] = await Promise.all([
    posthorn.startApi({ POSTHORN_GROUPING: 'never' }),
    posthorn.startWorker(),
  ]);
  const project = await posthorn.api.newProject({ delays: ['2h'], timeout: '5s' });
  waiting = waitingWorkflows(posthorn, receiver, project);
  const ids = await waiting.post(WORKFLOWS);
  expect(await waiting.owners()).toHaveLength(WORKFLOWS);

  const worker = startLauncher(release.cli, 'worker', posthorn.env);
  await worker.untilPrinted(/the workers are polling/);
  await waiting.makeDue(ids.slice(0, WORKFLOWS / 2));
  const both = await waiting.untilDelivered(WORKFLOWS / 2);
  await old.end('SIGTERM');
  const oldEndedAt = new Date();
  await waiting.makeDue(ids.slice(WORKFLOWS / 2));
  const alone = await waiting.untilDelivered(WORKFLOWS);
  return { seconds: [both, alone], oldEndedAt };
}

test('a deploy with a compatible workflow delivers what waits in workflows once and at once', async () => {
  release = releaseWithNewStep('new workflows');

  const { seconds } = await deploy();

  process.stdout.write(`compatible: ${seconds[0]} s beside the old worker, ${seconds[1]} s without it\n`);
  await waiting.expectSentOnce(WORKFLOWS);
  expect(await workflowsIn(temporal, 'Failed')).toEqual([]);
}, 900_000);

test('a deploy with an incompatible workflow delivers what waits in workflows once, a minute later', async () => {
  release = releaseWithNewStep('all workflows');

  const { seconds, oldEndedAt } = await deploy();

  await waiting.expectSentOnce(WORKFLOWS);
  const failed = await workflowsIn(temporal, 'Failed');
  process.stdout.write(
    `incompatible: ${seconds[0]} s beside the old worker, ${seconds[1]} s without it, ${failed.length} workflows failed\n`,
  );
  expect(failed.length).toBeGreaterThanOrEqual(WORKFLOWS / 2);
  // No flapping: none of those begun on the new worker alone failed. While both ran, each could get tasks of any workflow.
  expect(await workflowsIn(temporal, 'Failed', oldEndedAt)).toEqual([]);
}, 900_000);
