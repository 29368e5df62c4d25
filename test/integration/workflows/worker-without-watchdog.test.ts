import { join } from 'node:path';
import { Client } from '@temporalio/client';
import { bundleWorkflowCode, NativeConnection, Runtime } from '@temporalio/worker';
import { WorkerWithoutWatchdog } from '../../../src/temporal/workers/worker-without-watchdog.ts';
import { quietRuntime } from '../../set-up/quiet-runtime.ts';
import { createTestNamespace, temporalAddress, uniqueTaskQueue } from '../../set-up/servers/temporal.ts';

const internalOptions = { isolateExecutionTimeout: '50ms' };

beforeAll(quietRuntime);

// With a limit, Node would start and join a thread for each call into the sandbox, which costs more than the call.
test('workflow code runs without the time limit of the SDK', async () => {
  const [namespace, taskQueue] = [await createTestNamespace(), uniqueTaskQueue()];
  const connection = await NativeConnection.connect({ address: temporalAddress() });
  const workflowBundle = await bundleWorkflowCode({
    workflowsPath: join(__dirname, 'busy-workflow.ts'),
    logger: Runtime.instance().logger,
  });
  const worker = await WorkerWithoutWatchdog.create({
    connection,
    namespace,
    taskQueue,
    workflowBundle,
    ...internalOptions,
  });
  const client = new Client({ connection, namespace });

  const history = await worker.runUntil(async () => {
    const handle = await client.workflow.start('busy', {
      workflowId: taskQueue,
      taskQueue,
      workflowRunTimeout: '20s',
    });
    await handle.result();
    return handle.fetchHistory();
  });

  expect(
    history.events!.filter(({ workflowTaskFailedEventAttributes }) => workflowTaskFailedEventAttributes),
  ).toEqual([]);
  await connection.close();
});
