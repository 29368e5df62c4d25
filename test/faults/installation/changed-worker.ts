import { bundleWorkflowCode, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { createLogger } from '../../../src/observability/log.ts';
import { createSdkLogger, SDK_LOG_FILTER } from '../../../src/temporal/sdk-logger.ts';

/** A worker of a release whose workflow code fits no history of today's, until it is killed. */
Runtime.install({
  logger: createSdkLogger(createLogger({ level: 'info', name: 'changed-worker' })),
  telemetryOptions: { logging: { filter: SDK_LOG_FILTER, forward: {} } },
});
const worker = await Worker.create({
  connection: await NativeConnection.connect({ address: process.env.TEMPORAL_ADDRESS! }),
  namespace: process.env.TEMPORAL_NAMESPACE!,
  taskQueue: 'posthorn',
  workflowBundle: await bundleWorkflowCode({
    workflowsPath: new URL('../../replay/changed/index.ts', import.meta.url).pathname,
  }),
  workflowFailureErrorTypes: { '*': ['NondeterminismError'] },
});
process.stdout.write('polls\n');
await worker.run();
