import { Client, Connection } from '@temporalio/client';
import { readDeployment } from '../../../src/temporal/deployments/deployment.ts';
import type { Receiver } from '../../receivers/receiver.ts';
import { eventually } from '../../set-up/eventually.ts';
import { type Release, releaseWithNewStep } from '../installation/changed-release.ts';
import { type Installation, installOnSharedServers } from '../installation/installation.ts';
import {
  endAllProcesses,
  type PosthornProcess,
  startLauncher,
  startPosthorn,
} from '../installation/posthorn-process.ts';
import {
  startRefusingReceiver,
  type WaitingWorkflows,
  waitingWorkflows,
  workflowsIn,
} from './waiting-workflows.ts';

const WORKFLOWS = 100;
const DEPLOYMENT = 'posthorn';
/** Each question is work for the dev server, which reads a deployment by a query of a workflow. */
const ASK_EVERY_MS = 500;

let posthorn: Installation;
let receiver: Receiver;
let release: Release | undefined;
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
  release?.remove();
  release = undefined;
});

const build = (id: string) => ({
  ...posthorn.env,
  POSTHORN_DEPLOYMENT: DEPLOYMENT,
  POSTHORN_BUILD_ID: id,
});

const deployment = () => readDeployment(connection, posthorn.env.TEMPORAL_NAMESPACE!, DEPLOYMENT);
/** The server may not respond in time: it reads a deployment by a query of a workflow of its own. */
const isCurrent = (id: string) => async () => (await deployment().catch(() => undefined))?.current === id;

/** Starts the API and a worker of build A, and posts what fails at first and then waits two hours. */
async function startWithWaiting(count: number): Promise<{ old: PosthornProcess; ids: string[] }> {
  const [, old] = await Promise.all([
    posthorn.startApi({ ...build('A'), POSTHORN_GROUPING: 'never' }),
    posthorn.startWorker(build('A')),
  ]);
  await eventually(isCurrent('A'), 60_000, ASK_EVERY_MS);
  const project = await posthorn.api.newProject({ delays: ['2h'], timeout: '5s' });
  waiting = waitingWorkflows(posthorn, receiver, project);
  const ids = await waiting.post(count);
  expect((await waiting.owners()).length).toBe(count);
  return { old, ids };
}

/** Build B, whose workflow does not fit the histories of build A. */
async function startIncompatible(): Promise<void> {
  release = releaseWithNewStep('all workflows');
  startLauncher(release.cli, 'worker', build('B'));
  await eventually(isCurrent('B'), 60_000, ASK_EVERY_MS);
}

/** What waited in workflows waits in Postgres, and the workflows have ended. */
async function untilReleased(): Promise<number> {
  const since = performance.now();
  await eventually(async () => (await waiting.owners()).join() === 'schedule', 60_000);
  await eventually(async () => (await workflowsIn(temporal, 'Running')).length === 0, 120_000, ASK_EVERY_MS);
  return Math.round((performance.now() - since) / 1_000);
}

test('an incompatible build takes over what waits, and the old worker ends its workflows', async () => {
  const { old, ids } = await startWithWaiting(WORKFLOWS);

  await startIncompatible();
  const released = await untilReleased();
  const endedByWorker = await workflowsIn(temporal, 'Completed');
  await old.end('SIGTERM');
  await waiting.makeDue(ids);
  const seconds = await waiting.untilDelivered(WORKFLOWS);

  process.stdout.write(`released in ${released} s, delivered in ${seconds} s\n`);
  await waiting.expectSentOnce(WORKFLOWS);
  expect(await workflowsIn(temporal, 'Failed')).toEqual([]);
  // All, on a machine on which the old worker needs less than 30 s for them.
  expect(endedByWorker.length).toBeGreaterThan(0);
}, 600_000);

test('a new build takes over what waits on a build whose workers were all killed', async () => {
  const { old, ids } = await startWithWaiting(WORKFLOWS);
  await old.end('SIGKILL');

  await startIncompatible();
  const released = await untilReleased();
  await waiting.makeDue(ids);
  const seconds = await waiting.untilDelivered(WORKFLOWS);

  process.stdout.write(`released in ${released} s, delivered in ${seconds} s\n`);
  await waiting.expectSentOnce(WORKFLOWS);
  expect(await workflowsIn(temporal, 'Failed')).toEqual([]);
}, 600_000);

test('an old worker that starts beside the new build does not take it back, and an operator can', async () => {
  const { old, ids } = await startWithWaiting(20);
  await startIncompatible();
  await untilReleased();
  await old.end('SIGKILL');

  const again = await posthorn.startWorker(build('A'));
  await again.untilPrinted(/another build is current/);
  expect(await isCurrent('B')()).toBe(true);

  const command = startPosthorn('deployment', build('A'), 'set-current');
  expect(await command.ended).toBe(0);
  expect(command.output()).toContain('The build A is current now');
  expect(await isCurrent('A')()).toBe(true);
  const doctor = startPosthorn('doctor', build('A'));
  await doctor.ended;
  expect(doctor.output()).toContain(
    'temporal deployment: The build A of posthorn is current, which is this one.',
  );
  await waiting.makeDue(ids);
  await waiting.untilDelivered(20);
  await waiting.expectSentOnce(20);
  expect(await workflowsIn(temporal, 'Failed')).toEqual([]);
}, 600_000);
