import { Client, Connection } from '@temporalio/client';
import { findFreePort } from '../../../src/embedded/free-port.ts';
import {
  type Installation,
  installUnmigratedOn,
  type ServerAddresses,
} from '../../faults/installation/installation.ts';
import { nonEphemeralPort } from '../../faults/installation/non-ephemeral-port.ts';
import { type PosthornProcess, startPosthorn } from '../../faults/installation/posthorn-process.ts';

export type ClusterInstallation = Installation & {
  apis: PosthornProcess[];
  workers: PosthornProcess[];
  /** Of both APIs. */
  apiUrls: string[];
  /** Starts the API with this index again, at its address. */
  restartApi(index: number): Promise<void>;
  /** Starts one more worker, and waits until Temporal has seen it poll. */
  addWorker(start?: (env: NodeJS.ProcessEnv) => PosthornProcess): Promise<PosthornProcess>;
  /** Deliveries that this worker has claimed and not recorded. */
  inFlightOf(worker: PosthornProcess): Promise<number>;
  /** A client of the installation's namespace. */
  withTemporal<T>(use: (client: Client) => Promise<T>): Promise<T>;
};

const IN_FLIGHT_OF = `
  SELECT count(*)::int AS open FROM deliveries d JOIN processes p ON p.id = d.process_id
  WHERE p.pid = $1 AND d.claimed_at IS NOT NULL`;

/**
 * What docker-compose.yml runs, with two of each: `posthorn migrate` on an empty database, then two `posthorn api` and two
 * `posthorn worker`, each a process of its own.
 */
export async function installOnCluster(cluster: ServerAddresses): Promise<ClusterInstallation> {
  const posthorn = await installUnmigratedOn(cluster);
  const migration = startPosthorn('migrate', posthorn.env);
  if ((await migration.ended) !== 0) throw new Error(`posthorn migrate failed:\n${migration.output()}`);

  const ports = [posthorn.env.POSTHORN_PORT!, String(await findFreePort(nonEphemeralPort()))];
  const startApi = (port: string) => posthorn.startApi({ POSTHORN_PORT: port });
  const startWorker = (env: NodeJS.ProcessEnv) => startPosthorn('worker', env);

  async function addWorker(start = startWorker): Promise<PosthornProcess> {
    const worker = start(posthorn.env);
    await worker.untilPrinted(/the workers are polling their task queues/, 300_000);
    return worker;
  }

  const [apis, workers] = await Promise.all([
    Promise.all(ports.map(startApi)),
    Promise.all([addWorker(), addWorker()]),
  ]);
  return {
    ...posthorn,
    apis,
    workers,
    apiUrls: ports.map((port) => `http://127.0.0.1:${port}`),
    async restartApi(index) {
      apis[index] = await startApi(ports[index]!);
    },
    addWorker,
    async inFlightOf({ pid }) {
      return (await posthorn.pool.query<{ open: number }>(IN_FLIGHT_OF, [pid])).rows[0]!.open;
    },
    async withTemporal(use) {
      const connection = await Connection.connect({ address: cluster.temporal.address });
      try {
        return await use(new Client({ connection, namespace: posthorn.env.TEMPORAL_NAMESPACE! }));
      } finally {
        await connection.close();
      }
    },
  };
}
