import {
  type MixedStream,
  type StreamOptions,
  startMixedStream,
} from '../../faults/installation/mixed-stream.ts';
import { endAllProcesses } from '../../faults/installation/posthorn-process.ts';
import { type Cluster, startCluster } from '../servers/start-cluster.ts';
import { type ClusterInstallation, installOnCluster } from './cluster-installation.ts';

export type ClusterSuite = {
  cluster: Cluster;
  posthorn: ClusterInstallation;
  /** Posts to both APIs in turn. Ends with the test. */
  startStream(options?: StreamOptions): Promise<MixedStream>;
};

/** Set by the project of jest.config.cjs: the programs of an installed Postgres, or empty for the embedded one. */
declare const clusterPostgresBin: string;

/** Bounds a hang, not the speed of the machine. */
const SETTLED_WITHIN_MS = 300_000;

/** One cluster for the tests of a file, and an installation on it for each test. The members exist while a test runs. */
export function clusterSuite(): ClusterSuite {
  let stream: MixedStream | undefined;
  const suite = {
    async startStream(options: StreamOptions = {}) {
      stream = await startMixedStream(suite.posthorn.api, {
        apiUrls: suite.posthorn.apiUrls,
        settledWithinMs: SETTLED_WITHIN_MS,
        ...options,
      });
      return stream;
    },
  } as ClusterSuite;

  beforeAll(async () => {
    suite.cluster = await startCluster(clusterPostgresBin || undefined);
  });
  beforeEach(async () => {
    suite.posthorn = await installOnCluster(suite.cluster);
  });
  afterEach(async () => {
    await stream?.close();
    stream = undefined;
    await endAllProcesses();
    await suite.posthorn.close();
  });
  afterAll(() => suite.cluster.stop());
  return suite;
}
