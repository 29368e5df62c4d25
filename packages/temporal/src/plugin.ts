import type { BundleOptions, BundlerPlugin, WorkerOptions, WorkerPlugin } from '@temporalio/worker';
import { createPosthornActivities } from './activities.ts';
import type { EventsClient } from './events-client.ts';

export type PosthornPluginOptions = {
  client: EventsClient;
  /**
   * Posts an event when a workflow of this worker closes: `true` for every workflow, or the path of a module of yours that
   * exports `interceptors`, made with `closeEvents` of `@posthorn/temporal/workflow`.
   */
  closeEvents?: boolean | string;
};

/** Resolved by the bundler from the folder of the workflows. */
const DEFAULT_MODULE = '@posthorn/temporal/close-events';

/**
 * A plugin for `Worker.create` that adds the activities, and the interceptor of `closeEvents`. Pass it to `bundleWorkflowCode`
 * and to replays, too: the interceptor is part of the workflow code.
 */
export function posthornPlugin({
  client,
  closeEvents = false,
}: PosthornPluginOptions): WorkerPlugin & BundlerPlugin {
  const modules = closeEvents === false ? [] : [closeEvents === true ? DEFAULT_MODULE : closeEvents];
  return {
    name: 'posthorn',
    configureWorker: (options: WorkerOptions): WorkerOptions => ({
      ...options,
      activities: { ...options.activities, ...createPosthornActivities({ client }) },
    }),
    configureBundler: (options: BundleOptions): BundleOptions => ({
      ...options,
      workflowInterceptorModules: [...(options.workflowInterceptorModules ?? []), ...modules],
    }),
  };
}
