import {
  EVENTS,
  type MixedStream,
  type StreamOptions,
  startMixedStream,
} from '../../faults/installation/mixed-stream.ts';
import { endAllProcesses } from '../../faults/installation/posthorn-process.ts';
import type { PostgresOptions } from '../servers/cluster-postgres.ts';
import { type Cluster, startCluster } from '../servers/start-cluster.ts';
import type { TemporalServer, TemporalServices } from '../servers/temporal-server.ts';
import { type ClusterInstallation, installOnCluster } from './cluster-installation.ts';

export type ClusterSuite<Temporal extends TemporalServer | TemporalServices = TemporalServer> = {
  cluster: Cluster<Temporal>;
  posthorn: ClusterInstallation;
  /** Posts to both APIs in turn. Ends with the test. */
  startStream(options?: StreamOptions): Promise<MixedStream>;
  /** The same; returns when a third of its events are acknowledged. */
  inTheMiddleOfAStream(): Promise<MixedStream>;
  /**
   * A stream that goes on until its audit, to receivers that recover; returns when it is under way. Responses may be held
   * for up to 30 s.
   */
  underLoad(): Promise<MixedStream>;
};

/** Set by the project of jest.config.cjs: the programs of an installed Postgres, or empty for the embedded one. */
declare const clusterPostgresBin: string;

/** Bounds a hang, not the speed of the machine. */
const SETTLED_WITHIN_MS = 300_000;
/** Events of an endless stream after which it is under way. */
const UNDER_WAY = 40;

export const clusterSuite = (): ClusterSuite => clusterSuiteOn(startCluster);

/** One cluster for the tests of a file, and an installation on it for each test. The members exist while a test runs. */
export function clusterSuiteOn<Temporal extends TemporalServer | TemporalServices>(
  start: (options: PostgresOptions) => Promise<Cluster<Temporal>>,
): ClusterSuite<Temporal> {
  let stream: MixedStream | undefined;

  async function startStream(options: StreamOptions = {}): Promise<MixedStream> {
    stream = await startMixedStream(suite.posthorn.api, {
      apiUrls: suite.posthorn.apiUrls,
      settledWithinMs: SETTLED_WITHIN_MS,
      ...options,
    });
    return stream;
  }

  const suite = {
    startStream,
    async inTheMiddleOfAStream() {
      const started = await startStream();
      await started.untilAcknowledged(EVENTS / 3);
      return started;
    },
    async underLoad() {
      const started = await startStream({ endless: true, withoutDead: true, timeout: '30s' });
      await started.untilAcknowledged(UNDER_WAY);
      return started;
    },
  } as ClusterSuite<Temporal>;

  beforeAll(async () => {
    suite.cluster = await start({ bin: clusterPostgresBin || undefined });
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
