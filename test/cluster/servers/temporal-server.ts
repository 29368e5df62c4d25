import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { temporalServerFiles } from '../../../scripts/temporal-server.ts';
import {
  type ServiceProcess,
  type StopSequence,
  startServiceProcess,
} from '../../../src/embedded/processes/service-process.ts';
import { eventually } from '../../set-up/eventually.ts';
import type { ClusterPostgres } from './cluster-postgres.ts';
import { composed } from './compose-file.ts';
import { chooseTemporalPorts } from './temporal-ports.ts';

/** The services of a Temporal server. In docker-compose.yml one process runs them all; they may also run apart. */
const TEMPORAL_SERVICES = ['history', 'matching', 'frontend', 'worker'] as const;
type TemporalService = (typeof TEMPORAL_SERVICES)[number];

/** A process of a Temporal server. */
export type TemporalProcess = {
  pid(): number;
  /** Starts it again at the same addresses; returns when it responds. */
  start(): Promise<void>;
  /** As kill -9; returns when it has ended. */
  kill(): Promise<void>;
};

/** A Temporal server of one process. */
export type TemporalServer = TemporalProcess & { address: string; stop(): Promise<void> };

/** A Temporal server whose services are processes of their own. */
export type TemporalServices = {
  address: string;
  services: Record<TemporalService, TemporalProcess>;
  stop(): Promise<void>;
};

const GENTLY: StopSequence = [
  { signal: 'SIGTERM', waitMs: 30_000 },
  { signal: 'SIGKILL', waitMs: 5_000 },
];
const START_TIMEOUT_MS = 90_000;

/** The Temporal server with the variables and the dynamic configuration of docker-compose.yml, on loopback and free ports. */
export async function startTemporalServer(
  dataDir: string,
  postgres: ClusterPostgres,
): Promise<TemporalServer> {
  const { address, startProcess } = await configureTemporal(dataDir, postgres);
  const server = await startProcess('temporal', TEMPORAL_SERVICES);
  return { ...server, address };
}

/** The same with a process for each service, as large installations run it. */
export async function startTemporalServices(
  dataDir: string,
  postgres: ClusterPostgres,
): Promise<TemporalServices> {
  const { address, startProcess } = await configureTemporal(dataDir, postgres);
  const run = (service: TemporalService) => startProcess(`temporal-${service}`, [service]);
  // The first one writes the cluster's metadata. Two that begin at the same time may both try, and one then ends.
  const history = await run('history');
  const [matching, frontend, worker] = await Promise.all([run('matching'), run('frontend'), run('worker')]);
  const services = { history, matching, frontend, worker };
  return {
    address,
    services,
    async stop() {
      await Promise.all(Object.values(services).map(({ stop }) => stop()));
    },
  };
}

async function configureTemporal(dataDir: string, postgres: ClusterPostgres) {
  const dynamicConfig = join(dataDir, 'dynamic-config.yaml');
  writeFileSync(dynamicConfig, composed.dynamicConfig);
  const ports = await chooseTemporalPorts();
  const environment = {
    ...composed.temporalEnvironment,
    ...ports,
    POSTGRES_SEEDS: '127.0.0.1',
    DB_PORT: String(postgres.port),
    POSTGRES_USER: postgres.user,
    POSTGRES_PWD: postgres.password,
    BIND_ON_IP: '127.0.0.1',
    DYNAMIC_CONFIG_FILE_PATH: dynamicConfig,
    LOG_LEVEL: 'warn',
  };
  const portOf = (name: TemporalService) =>
    Number(ports[`${name.toUpperCase() as Uppercase<TemporalService>}_GRPC_PORT`]);
  const address = `127.0.0.1:${ports.FRONTEND_GRPC_PORT}`;

  /** A process with these services. */
  async function startProcess(
    name: string,
    services: readonly TemporalService[],
  ): Promise<TemporalProcess & { stop(): Promise<void> }> {
    const respond = async () => {
      if (services.includes('frontend') && !(await serves(address))) return false;
      // The service `worker` serves nothing.
      const others = services.filter((service) => service === 'history' || service === 'matching');
      return (await Promise.all(others.map((service) => listens(portOf(service))))).every(Boolean);
    };

    async function start(): Promise<ServiceProcess> {
      const started = await startServiceProcess({
        command: '/usr/bin/env', // becomes the server, with these variables
        args: [
          ...Object.entries({ ...environment, TEMPORAL_SERVICES: services.join(',') }).map(
            ([variable, value]) => `${variable}=${value}`,
          ),
          temporalServerFiles().server,
          'start',
        ],
        logFile: join(dataDir, `${name}.log`),
        stopSequence: GENTLY,
      });
      try {
        await eventually(() => started.failure() !== undefined || respond(), START_TIMEOUT_MS);
      } catch (error) {
        await started.stop();
        throw error;
      }
      const failure = started.failure();
      if (failure) throw new Error(`the Temporal server (${name}) did not start: ${failure}`);
      return started;
    }

    let server = await start();
    return {
      pid: () => server.pid,
      async start() {
        server = await start();
      },
      async kill() {
        process.kill(server.pid, 'SIGKILL');
        await eventually(() => server.failure() !== undefined);
      },
      stop: () => server.stop(),
    };
  }

  return { address, startProcess };
}

async function serves(address: string): Promise<boolean> {
  const connection = await Connection.connect({ address, connectTimeout: 1_000 }).catch(() => undefined);
  await connection?.close();
  return connection !== undefined;
}

const listens = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
