import path from 'node:path';
import { NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import { posthornPlugin } from '../../packages/temporal/src/index.ts';
import { posthornNexusHandler } from '../../packages/temporal/src/nexus-handler.ts';
import { PosthornClient } from '../../sdk/typescript/src/index.ts';
import { temporalAddress, uniqueTaskQueue } from '../set-up/servers/temporal.ts';
import type { TestPosthorn } from '../set-up/test-posthorn.ts';

export const WORKFLOWS = path.join(import.meta.dirname, 'workflows/index.ts');
/** An interceptor module that posts events for most workflows. */
export const CLOSE_EVENTS = path.join(import.meta.dirname, 'workflows/close-events.ts');

export type PackageWorker = { taskQueue: string; close(): Promise<void> };

export type PackageWorkerOptions = {
  /** Replaces the fetch of the SDK's client, to lose responses or to refuse calls. */
  fetch?: typeof fetch;
  /** The path of an interceptor module. */
  closeEvents?: string;
  worker?: Partial<WorkerOptions>;
};

export const clientOf = ({ url, project }: TestPosthorn, fetchImpl: typeof fetch = fetch): PosthornClient =>
  new PosthornClient({ url, apiKey: project.key, fetch: fetchImpl });

/** A worker with the package, as a user of it would start one, in Posthorn's namespace on a task queue of its own. */
export async function startPackageWorker(
  posthorn: TestPosthorn,
  { fetch: fetchImpl, closeEvents, worker: options }: PackageWorkerOptions = {},
): Promise<PackageWorker> {
  const taskQueue = uniqueTaskQueue();
  const connection = await NativeConnection.connect({ address: temporalAddress() });
  const client = clientOf(posthorn, fetchImpl);
  const worker = await Worker.create({
    connection,
    namespace: posthorn.config.temporal.namespace,
    taskQueue,
    workflowsPath: WORKFLOWS,
    nexusServices: [posthornNexusHandler],
    plugins: [posthornPlugin({ client, ...(closeEvents !== undefined && { closeEvents }) })],
    ...options,
  });
  const running = worker.run();
  return {
    taskQueue,
    async close() {
      worker.shutdown();
      await running;
      await connection.close();
    },
  };
}
