import { Client, Connection } from '@temporalio/client';
import { type Receiver, startReceiver } from '../../receivers/receiver.ts';
import { eventually } from '../../set-up/eventually.ts';
import type { Project } from '../installation/api-client.ts';
import { type Release, releaseWithNewStep } from '../installation/changed-release.ts';
import { type Installation, installOnSharedServers } from '../installation/installation.ts';
import { endAllProcesses, startLauncher } from '../installation/posthorn-process.ts';

const WORKFLOWS = Number(process.env.POSTHORN_TEST_DEPLOY_WORKFLOWS ?? 200);
const BATCH = 100;
/** The reconciler continues deliveries of failed workflows when they have been due for a minute. */
const UNTIL_RECONCILED_MS = 300_000;

let posthorn: Installation;
let receiver: Receiver;
let release: Release;
let connection: Connection;
let temporal: Client;

beforeEach(async () => {
  posthorn = await installOnSharedServers();
  connection = await Connection.connect({ address: posthorn.env.TEMPORAL_ADDRESS! });
  temporal = new Client({ connection, namespace: posthorn.env.TEMPORAL_NAMESPACE! });
  const seen = new Set<string>();
  receiver = await startReceiver([
    ({ path }, response) => {
      response.writeHead(seen.has(path) ? 200 : 500).end();
      seen.add(path);
    },
  ]);
});
afterEach(async () => {
  await endAllProcesses();
  await connection.close();
  await receiver.close();
  await posthorn.close();
  release.remove();
});

async function countOf(status: string): Promise<number> {
  const { rows } = await posthorn.pool.query('SELECT count(*)::int FROM deliveries WHERE status = $1', [
    status,
  ]);
  return rows[0].count;
}

/** Posts events whose first attempt fails, each with a workflow of its own that waits two hours for the next. */
async function postUntilWaiting(project: Project): Promise<string[]> {
  for (let from = 0; from < WORKFLOWS; from += BATCH) {
    const events = Array.from({ length: BATCH }, (_, n) => ({
      type: 'a.b',
      data: {},
      target: { url: `${receiver.url}/${from + n}`, secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' },
    }));
    await posthorn.api.call(project.key, 'POST', '/v1/events/batch', { events });
  }
  await eventually(async () => (await countOf('retrying')) === WORKFLOWS, 300_000);
  const { rows } = await posthorn.pool.query<{ id: string }>('SELECT id FROM deliveries ORDER BY id');
  return rows.map(({ id }) => id);
}

/** Lets the two hours of these deliveries be over. */
async function makeDue({ key }: Project, ids: string[]): Promise<void> {
  for (let from = 0; from < ids.length; from += 20)
    await Promise.all(
      ids.slice(from, from + 20).map((id) => posthorn.api.call(key, 'POST', `/v1/deliveries/${id}/retry`)),
    );
}

async function untilDelivered(count: number): Promise<number> {
  const since = performance.now();
  await eventually(async () => (await countOf('delivered')) === count, UNTIL_RECONCILED_MS);
  return Math.round((performance.now() - since) / 1_000);
}

/** The ids of workflows of deliveries that failed because their history does not fit the code. */
async function failedWorkflows(): Promise<string[]> {
  const ids: string[] = [];
  const query = "WorkflowType = 'deliver' AND ExecutionStatus = 'Failed'";
  for await (const { workflowId } of temporal.workflow.list({ query })) ids.push(workflowId);
  return ids;
}

/** Replaces the worker while the workflows wait: half of them become due while both run, the others afterwards. */
async function deploy(): Promise<{ seconds: [number, number]; before: Set<string> }> {
  const [, old] = await Promise.all([
    posthorn.startApi({ POSTHORN_GROUPING: 'never' }),
    posthorn.startWorker(),
  ]);
  const project = await posthorn.api.newProject({ delays: ['2h'], timeout: '5s' });
  const ids = await postUntilWaiting(project);
  const { rows } = await posthorn.pool.query<{ owner: string }>('SELECT DISTINCT owner FROM deliveries');
  const before = new Set(rows.map(({ owner }) => owner));
  expect(before.size).toBe(WORKFLOWS);

  const worker = startLauncher(release.cli, 'worker', posthorn.env);
  await worker.untilPrinted(/the workers are polling/);
  await makeDue(project, ids.slice(0, WORKFLOWS / 2));
  const both = await untilDelivered(WORKFLOWS / 2);
  await old.end('SIGTERM');
  await makeDue(project, ids.slice(WORKFLOWS / 2));
  const alone = await untilDelivered(WORKFLOWS);
  return { seconds: [both, alone], before };
}

/** Nothing is lost and nothing sent twice: each receiver got the failed attempt and one more. */
async function expectSentOnce(): Promise<void> {
  const requests = Map.groupBy(receiver.requests, ({ path }) => path);
  expect(requests.size).toBe(WORKFLOWS);
  expect(new Set([...requests.values()].map(({ length }) => length))).toEqual(new Set([2]));
  const { rows } = await posthorn.pool.query(
    'SELECT outcome, count(*)::int FROM attempts GROUP BY 1 ORDER BY 1',
  );
  expect(rows).toEqual([
    { outcome: 'delivered', count: WORKFLOWS },
    { outcome: 'rejected', count: WORKFLOWS },
  ]);
}

test('a deploy with a compatible workflow delivers what waits in workflows once and at once', async () => {
  release = releaseWithNewStep('new workflows');

  const { seconds } = await deploy();

  process.stdout.write(`compatible: ${seconds[0]} s beside the old worker, ${seconds[1]} s without it\n`);
  await expectSentOnce();
  expect(await failedWorkflows()).toEqual([]);
}, 900_000);

test('a deploy with an incompatible workflow delivers what waits in workflows once, a minute later', async () => {
  release = releaseWithNewStep('all workflows');

  const { seconds, before } = await deploy();

  await expectSentOnce();
  const failed = await failedWorkflows();
  process.stdout.write(
    `incompatible: ${seconds[0]} s beside the old worker, ${seconds[1]} s without it, ${failed.length} workflows failed\n`,
  );
  expect(failed.length).toBeGreaterThanOrEqual(WORKFLOWS / 2);
  // No flapping: no workflow that continues a failed one failed itself.
  expect(failed.filter((id) => !before.has(id))).toEqual([]);
}, 900_000);
