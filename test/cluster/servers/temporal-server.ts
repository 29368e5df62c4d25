import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Connection } from '@temporalio/client';
import { temporalServerFiles } from '../../../scripts/temporal-server.ts';
import { findFreePort } from '../../../src/embedded/free-port.ts';
import {
  type ServiceProcess,
  type StopSequence,
  startServiceProcess,
} from '../../../src/embedded/processes/service-process.ts';
import { nonEphemeralPort } from '../../faults/installation/own-servers.ts';
import { eventually } from '../../set-up/eventually.ts';
import type { ClusterPostgres } from './cluster-postgres.ts';
import { composed } from './compose-file.ts';

export type TemporalServer = {
  address: string;
  pid(): number;
  /** Starts it again at the same address; returns when it responds. */
  start(): Promise<void>;
  kill(): Promise<void>;
  stop(): Promise<void>;
};

const GENTLY: StopSequence = [
  { signal: 'SIGTERM', waitMs: 30_000 },
  { signal: 'SIGKILL', waitMs: 5_000 },
];
const START_TIMEOUT_MS = 90_000;

/** Creates Temporal's two databases as the service `temporal-schema` of docker-compose.yml does. */
export function createTemporalDatabases(postgres: ClusterPostgres): void {
  const { sqlTool, schema } = temporalServerFiles();
  const script = composed.schemaScript.replace('/etc/temporal/schema/postgresql/v12', schema);
  const { status, stdout, stderr } = spawnSync('/bin/sh', ['-euc', script], {
    encoding: 'utf8',
    env: {
      ...composed.schemaEnvironment,
      PATH: `${dirname(sqlTool)}:${process.env.PATH}`,
      SQL_HOST: '127.0.0.1',
      SQL_PORT: String(postgres.port),
      SQL_USER: postgres.user,
      SQL_PASSWORD: postgres.password,
    },
  });
  if (status !== 0) throw new Error(`Temporal's schema could not be created:\n${stdout}${stderr}`);
}

/** The Temporal server with the variables and the dynamic configuration of docker-compose.yml, on loopback and free ports. */
export async function startTemporalServer(
  dataDir: string,
  postgres: ClusterPostgres,
): Promise<TemporalServer> {
  const dynamicConfig = join(dataDir, 'dynamic-config.yaml');
  writeFileSync(dynamicConfig, composed.dynamicConfig);
  const ports = await choosePorts();
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
  const address = `127.0.0.1:${ports.FRONTEND_GRPC_PORT}`;

  async function start(): Promise<ServiceProcess> {
    const started = await startServiceProcess({
      command: '/usr/bin/env', // becomes the server, with these variables
      args: [
        ...Object.entries(environment).map(([name, value]) => `${name}=${value}`),
        temporalServerFiles().server,
        'start',
      ],
      logFile: join(dataDir, 'temporal.log'),
      stopSequence: GENTLY,
    });
    try {
      await eventually(() => started.failure() !== undefined || responds(address), START_TIMEOUT_MS);
    } catch (error) {
      await started.stop();
      throw error;
    }
    const failure = started.failure();
    if (failure) throw new Error(`the Temporal server did not start: ${failure}`);
    return started;
  }

  let server = await start();
  return {
    address,
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

const PORTS = [
  'FRONTEND_GRPC_PORT',
  'FRONTEND_HTTP_PORT',
  'FRONTEND_MEMBERSHIP_PORT',
  'HISTORY_GRPC_PORT',
  'HISTORY_MEMBERSHIP_PORT',
  'MATCHING_GRPC_PORT',
  'MATCHING_MEMBERSHIP_PORT',
  'WORKER_GRPC_PORT',
  'WORKER_MEMBERSHIP_PORT',
] as const;

type Ports = Record<(typeof PORTS)[number], string>;

/** One after another: two that are found free at the same time may be the same. */
async function choosePorts(): Promise<Ports> {
  const chosen: Partial<Ports> = {};
  for (const name of PORTS) {
    let port: string;
    do port = String(await findFreePort(nonEphemeralPort()));
    while (Object.values(chosen).includes(port));
    chosen[name] = port;
  }
  return chosen as Ports;
}

async function responds(address: string): Promise<boolean> {
  const connection = await Connection.connect({ address, connectTimeout: 1_000 }).catch(() => undefined);
  await connection?.close();
  return connection !== undefined;
}
