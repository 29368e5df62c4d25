import { Client, Connection } from '@temporalio/client';
import { createReconciler, RECONCILER_TIMES } from '../../../src/background/reconciler/reconciler.ts';
import { createTemporalGateway } from '../../../src/temporal/gateway.ts';
import { WORKFLOW_TYPE } from '../../../workflows/contract.ts';
import { type Receiver, startReceiver } from '../../receivers/receiver.ts';
import { insertAssignedDeliveries } from '../installation/carried-deliveries.ts';
import { type Installation, installOnSharedServers } from '../installation/installation.ts';
import { endAllProcesses } from '../installation/posthorn-process.ts';

let posthorn: Installation;
let receiver: Receiver;
let connection: Connection;
let reconciler: ReturnType<typeof createReconciler> | undefined;

beforeEach(async () => {
  posthorn = await installOnSharedServers();
  receiver = await startReceiver();
  connection = await Connection.connect({ address: posthorn.env.TEMPORAL_ADDRESS! });
});
afterEach(async () => {
  await reconciler?.close();
  await endAllProcesses();
  await connection.close();
  await receiver.close();
  await posthorn.close();
});

test('a workflow whose task fails repeatedly is terminated, and its delivery continues in another workflow', async () => {
  const { pool, env, api } = posthorn;
  const client = new Client({ connection, namespace: env.TEMPORAL_NAMESPACE! });
  const gateway = createTemporalGateway(client, {
    taskQueue: 'posthorn',
    eager: () => false,
    hasSearchAttributes: () => false,
  });
  const acted: string[] = [];
  const failures: unknown[] = [];
  // The first that asks leads: before the API's own, which would wait for two minutes.
  reconciler = createReconciler({
    pool,
    leaseDb: pool,
    processId: 'prc_of_the_test',
    temporal: () => gateway,
    sweepEndpoints: async () => {},
    onReleased: () => {},
    onLeadershipChange: () => {},
    onDrained: () => {},
    onWorkflowFailed: () => {},
    onAction: (action, workflowId) => acted.push(`${action} ${workflowId}`),
    onFailure: (error) => failures.push(error),
    times: {
      ...RECONCILER_TIMES,
      passIntervalMs: 500,
      overdueAfterMs: 15_000,
      recheckAfterMs: 15_000,
      startupOverdueAfterMs: 1_000,
      terminateWedgedAfterMs: 2_000,
    },
  });
  await Promise.all([posthorn.startApi(), posthorn.startWorker()]);
  const project = await api.newProject({});
  const endpoint = await api.newEndpoint(project, receiver.url, ['a.b']);
  const workflowId = `event/${project.id}/carried-1`;
  // Without its input the workflow throws in its first task, and in each one after it.
  await client.workflow.start(WORKFLOW_TYPE, { workflowId, taskQueue: 'posthorn', args: [] });

  await insertAssignedDeliveries(pool, project.id, endpoint.id, { count: 1 });
  await receiver.untilReceived(1);

  // It is reminded once before it counts as wedged. Each signal counts its failures anew: they must be rare.
  expect(acted).toEqual(expect.arrayContaining([`terminated ${workflowId}`, `released ${workflowId}`]));
  expect(failures).toEqual([]);
  expect((await client.workflow.getHandle(workflowId).describe()).status.name).toBe('TERMINATED');
});
