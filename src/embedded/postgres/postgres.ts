import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeDataDir } from '../data-dir/data-dir.ts';
import { readOrCreateFile } from '../data-dir/local-secrets.ts';
import { findFreePort } from '../free-port.ts';
import { processIdentity } from '../processes/process-identity.ts';
import {
  type ServiceProcess,
  type ServiceProcessOptions,
  type StopSequence,
  startServiceProcess,
  stopProcess,
} from '../processes/service-process.ts';
import { initialisePostgres } from './initialise-postgres.ts';
import { preparePostgresHome } from './postgres-home.ts';
import { ensureDatabase, waitForPostgres } from './wait-for-postgres.ts';

export type EmbeddedPostgres = {
  url: string;
  /** The server's own process, for tests that kill it. */
  pid: number;
  /** The folder of its data: `<dataDir>/postgres`, or the target of that link. */
  folder: string;
  stop(): Promise<void>;
};

export type EmbeddedPostgresOptions = {
  dataDir: string;
  log: (line: string) => void;
  /** False disables fsync, for data that may be lost if the machine crashes. A killed process loses nothing either way. */
  durable?: boolean;
  /** Cancels the start. What has been started is stopped before the promise rejects. */
  signal?: AbortSignal | undefined;
};

const ROLE = 'posthorn';
const BACKENDS_TIMEOUT_MS = 30_000;

/** SIGINT is Postgres's fast shutdown; SIGQUIT is the immediate one, after which the next start runs recovery. */
const STOP_SIGNALS: StopSequence = [
  { signal: 'SIGINT', waitMs: 20_000 },
  { signal: 'SIGQUIT', waitMs: 5_000 },
];

/**
 * Starts a real Postgres on loopback. It keeps its port across restarts while the port is free; only the owner of
 * `dataDir` can read its password. A server that an earlier run left behind is stopped first, so a start after kill -9
 * continues with the same data. Throws a StartFailure with the end of the server's log if it does not start.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { log, durable = true, signal } = options;
  const dataDir = makeDataDir(options.dataDir);
  const home = preparePostgresHome(dataDir, log);
  const data = join(home.folder, 'data');
  const password = readOrCreateFile(join(dataDir, 'postgres-password'), () =>
    randomBytes(24).toString('hex'),
  );

  await stopLeftover(data);
  if (!existsSync(data)) await initialisePostgres(home, { data, role: ROLE, password, durable }, signal);

  const port = await findFreePort(...previousPort(dataDir));
  const urlOf = (database: string) => `postgresql://${ROLE}:${password}@127.0.0.1:${port}/${database}`;
  const server = await startAfterBackendsExit(
    {
      command: join(home.bin, 'postgres'),
      args: ['-D', data, ...settingArgs(port, durable)],
      logFile: join(dataDir, 'postgres.log'),
      stopSequence: STOP_SIGNALS,
      account: home.account,
    },
    urlOf('postgres'),
    signal,
  );
  try {
    await ensureDatabase(urlOf('postgres'), ROLE);
    writeFileSync(join(dataDir, 'postgres-port'), String(port), { mode: 0o600 });
    return { url: urlOf(ROLE), pid: server.pid, folder: home.folder, stop: server.stop };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

function settingArgs(port: number, durable: boolean): string[] {
  const values = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: '', // a socket needs a folder that both users can write
    max_connections: 200,
    // Samples 3,000 rows of a growing table at each ANALYZE instead of 30,000. The statements are written so that their plans
    // do not depend on more.
    default_statistics_target: 10,
    log_checkpoints: 'off',
    ...(durable ? {} : { fsync: 'off', full_page_writes: 'off' }),
  };
  return Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

/** Stops a server that outlived the run that started it, so that no server runs on the data. */
async function stopLeftover(data: string): Promise<void> {
  const pidFile = join(data, 'postmaster.pid');
  if (!existsSync(pidFile)) return;
  const [firstLine, ...rest] = readFileSync(pidFile, 'utf8').split('\n');
  const pid = Number(firstLine);
  if (pid > 0 && processIdentity(pid)?.includes(data)) await stopProcess(pid, STOP_SIGNALS);
  // Postgres refuses to start while the process in its PID file exists, even if the id was reused or the process is a
  // zombie. It ignores the id of its own parent. The other lines remain: with them it detects running backends.
  if (existsSync(pidFile)) writeFileSync(pidFile, [process.pid, ...rest].join('\n'));
}

function previousPort(dataDir: string): number[] {
  const file = join(dataDir, 'postgres-port');
  return existsSync(file) ? [Number(readFileSync(file, 'utf8'))] : [];
}

/** After kill -9 of a server its backends exit by themselves, but a busy one only when its statement ends. */
async function startAfterBackendsExit(
  options: ServiceProcessOptions,
  url: string,
  signal: AbortSignal | undefined,
): Promise<ServiceProcess> {
  const until = performance.now() + BACKENDS_TIMEOUT_MS;
  for (;;) {
    signal?.throwIfAborted();
    const server = await startServiceProcess(options);
    try {
      await waitForPostgres(server, url, signal);
      return server;
    } catch (error) {
      await server.stop();
      const backendsLeft = /pre-existing shared memory block/.test((error as Error).message);
      if (!backendsLeft || performance.now() > until) throw error;
      await sleep(200);
    }
  }
}
