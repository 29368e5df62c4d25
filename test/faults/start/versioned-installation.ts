import { Client, Connection } from '@temporalio/client';
import { readDeployment } from '../../../src/temporal/deployments/deployment.ts';
import { eventually } from '../../set-up/eventually.ts';
import { type Installation, installOnSharedServers } from '../installation/installation.ts';
import type { PosthornProcess } from '../installation/posthorn-process.ts';
import { type SteadyLoad, startSteadyLoad } from './steady-load.ts';
import { startRefusingReceiver, type WaitingWorkflows, waitingWorkflows } from './waiting-workflows.ts';

const DEPLOYMENT = 'posthorn';
/** On a busy machine most of this is the bundling of another release's workflow code. */
const UNTIL_CURRENT_MS = 400_000;
/** Each question is work for the dev server, which reads a deployment by a query of a workflow. */
export const ASK_EVERY_MS = 500;

/** An installation whose processes are replaced by those of other builds. Several may run at the same time. */
export type VersionedInstallation = {
  posthorn: Installation;
  temporal: Client;
  /** The environment of a build of the workers; null: without a version. */
  build(id: string | null): NodeJS.ProcessEnv;
  /** Remembers a process that the installation has not started, so that `close` ends it. */
  started<T extends PosthornProcess>(one: T): T;
  untilCurrent(id: string | null): Promise<void>;
  /** Creates the project of the waiting deliveries; an API must run. */
  waitingDeliveries(): Promise<WaitingWorkflows>;
  startLoad(): Promise<SteadyLoad>;
  close(): Promise<void>;
};

export async function startVersionedInstallation(): Promise<VersionedInstallation> {
  const posthorn = await installOnSharedServers();
  const connection = await Connection.connect({ address: posthorn.env.TEMPORAL_ADDRESS! });
  const namespace = posthorn.env.TEMPORAL_NAMESPACE!;
  const receiver = await startRefusingReceiver();
  const processes: PosthornProcess[] = [];
  let load: SteadyLoad | undefined;

  return {
    posthorn,
    temporal: new Client({ connection, namespace }),
    build: (id) => (id === null ? {} : { POSTHORN_DEPLOYMENT: DEPLOYMENT, POSTHORN_BUILD_ID: id }),
    started(one) {
      processes.push(one);
      return one;
    },
    untilCurrent: (id) =>
      eventually(
        async () => {
          // The server may not respond in time: it reads a deployment by a query of a workflow of its own.
          const found = await readDeployment(connection, namespace, DEPLOYMENT).catch(() => undefined);
          return found?.current === id;
        },
        UNTIL_CURRENT_MS,
        ASK_EVERY_MS,
      ),
    async waitingDeliveries() {
      const project = await posthorn.api.newProject({ delays: ['2h'], timeout: '5s' });
      return waitingWorkflows(posthorn, receiver, project);
    },
    async startLoad() {
      load = await startSteadyLoad(posthorn, [posthorn.api.url]);
      return load;
    },
    async close() {
      await load?.close();
      await Promise.all(processes.map((one) => one.end('SIGKILL')));
      await connection.close();
      await receiver.close();
      await posthorn.close();
    },
  };
}
