import { type CompiledWorkerOptions, Worker } from '@temporalio/worker';

/**
 * A worker whose sandbox runs workflow code without a time limit. With one, Node starts and joins a watchdog thread for
 * each call into the sandbox: ten times per workflow, 3 ms of CPU. The SDK's internal option
 * `isolateExecutionTimeout` can only change the limit, not remove it.
 *
 * Code that never returned would block all workflows of the process. Workflow code here cannot loop endlessly: every
 * loop is over the deliveries of the workflow, except the one in deliver.ts, which waits in each round for a result, a
 * signal or a timer. If it did loop, the server would time its task out after 5 s, and after three tasks the workflow
 * would count as wedged.
 */
export class WorkerWithoutWatchdog extends Worker {
  protected static override createWorkflowCreator(
    bundle: Parameters<typeof Worker.createWorkflowCreator>[0],
    options: CompiledWorkerOptions,
    logger: Parameters<typeof Worker.createWorkflowCreator>[2],
  ): ReturnType<typeof Worker.createWorkflowCreator> {
    return Worker.createWorkflowCreator(bundle, withoutTimeLimit(options), logger);
  }
}

/** The compiled options require a number, but an undefined timeout is what Node's `vm` takes for no limit. */
const withoutTimeLimit = (options: CompiledWorkerOptions): CompiledWorkerOptions =>
  ({ ...options, isolateExecutionTimeoutMs: undefined }) as unknown as CompiledWorkerOptions;
