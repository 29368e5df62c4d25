import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findFreePort } from '../../../src/embedded/free-port.ts';
import { initialisePostgres } from '../../../src/embedded/postgres/initialise-postgres.ts';
import { preparePostgresHome } from '../../../src/embedded/postgres/postgres-home.ts';
import { waitForPostgres } from '../../../src/embedded/postgres/wait-for-postgres.ts';
import {
  type ServiceProcess,
  type StopSequence,
  startServiceProcess,
} from '../../../src/embedded/processes/service-process.ts';
import { nonEphemeralPort } from '../../faults/installation/non-ephemeral-port.ts';
import { composed } from './compose-file.ts';

export type ClusterPostgres = {
  port: number;
  pid(): number;
  user: string;
  password: string;
  urlOf(database: string): string;
  /** As `pg_ctl stop --mode=immediate`, and a start after `awayMs`: every connection breaks, and the start runs recovery. */
  restartImmediately(awayMs?: number): Promise<void>;
  stop(): Promise<void>;
};

const USER = 'posthorn';
const IMMEDIATE: StopSequence = [{ signal: 'SIGQUIT', waitMs: 20_000 }];

export type PostgresOptions = {
  /** The folder of an installed Postgres's programs; by default, the embedded ones run. */
  bin?: string | undefined;
  /** Settings besides those of docker-compose.yml, as `name=value`. */
  settings?: string[];
};

/** Postgres with the settings of docker-compose.yml. */
export async function startClusterPostgres(
  dataDir: string,
  { bin, settings = [] }: PostgresOptions = {},
): Promise<ClusterPostgres> {
  const embedded = preparePostgresHome(dataDir, () => {});
  const home = { ...embedded, bin: bin ?? embedded.bin };
  const data = join(home.folder, 'data');
  const password = randomBytes(12).toString('hex');
  await initialisePostgres(home, { data, role: USER, password, durable: true });
  const port = await findFreePort(nonEphemeralPort());
  const urlOf = (database: string) => `postgresql://${USER}:${password}@127.0.0.1:${port}/${database}`;

  async function start(): Promise<ServiceProcess> {
    const server = await startServiceProcess({
      command: join(home.bin, 'postgres'),
      args: ['-D', data, ...composed.postgresArgs, ...asOptions([...forThisMachine(port), ...settings])],
      logFile: join(dataDir, 'postgres.log'),
      stopSequence: IMMEDIATE,
      account: home.account,
    });
    await waitForPostgres(server, urlOf('postgres'));
    return server;
  }

  let server = await start();
  return {
    port,
    pid: () => server.pid,
    user: USER,
    password,
    urlOf,
    async restartImmediately(awayMs = 0) {
      await server.stop();
      await sleep(awayMs);
      server = await start();
    },
    stop: () => server.stop(),
  };
}

const forThisMachine = (port: number): string[] => [
  'listen_addresses=127.0.0.1',
  `port=${port}`,
  'unix_socket_directories=',
];

const asOptions = (settings: string[]): string[] => settings.flatMap((setting) => ['-c', setting]);
