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
  /** Where its files really are: `<dataDir>/postgres`, or what that links to. */
  folder: string;
  stop(): Promise<void>;
};

export type EmbeddedPostgresOptions = {
  dataDir: string;
  log: (line: string) => void;
  /** False only for data that may be lost with the machine: no fsync. A killed process loses nothing either way. */
  durable?: boolean;
  /** Ends what is under way; what was started is stopped again before the promise rejects. */
  signal?: AbortSignal | undefined;
};

const ROLE = 'posthorn';
const BACKENDS_TIMEOUT_MS = 30_000;

/** SIGINT is Postgres's fast shutdown, SIGQUIT its immediate one, which the next start recovers from. */
const STOP_SIGNALS: StopSequence = [
  { signal: 'SIGINT', waitMs: 20_000 },
  { signal: 'SIGQUIT', waitMs: 5_000 },
];

/**
 * A real Postgres on loopback, with a port of its own that stays the same over restarts while it is free, and a
 * password that only the owner of `dataDir` can read. One that an earlier run left behind is stopped first, so that
 * a start after kill -9 goes on from the same data. Throws with the server's last words when it does not start.
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

  const port = await findFreePort(...portUsedBefore(dataDir));
  const urlOf = (database: string) => `postgresql://${ROLE}:${password}@127.0.0.1:${port}/${database}`;
  const server = await startOnceBackendsAreGone(
    {
      command: join(home.bin, 'postgres'),
      args: ['-D', data, ...settings(port, durable)],
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

function settings(port: number, durable: boolean): string[] {
  const values = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: '', // a socket would need a folder that both users can write
    max_connections: 200,
    // A fresh database has no statistics before the first autovacuum, and plans made for its empty tables are kept
    // until then: in a minute's load each new delivery's foreign key came to cost 300 µs instead of 10.
    autovacuum_naptime: '5s',
    log_checkpoints: 'off',
    ...(durable ? {} : { fsync: 'off', full_page_writes: 'off' }),
  };
  return Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

/** Ends a server that outlived the run that started it; after this none runs on the data, whatever its note says. */
async function stopLeftover(data: string): Promise<void> {
  const note = join(data, 'postmaster.pid');
  if (!existsSync(note)) return;
  const [firstLine, ...rest] = readFileSync(note, 'utf8').split('\n');
  const pid = Number(firstLine);
  if (pid > 0 && processIdentity(pid)?.includes(data)) await stopProcess(pid, STOP_SIGNALS);
  // Postgres refuses to start when the process of the note exists, be it a stranger's by now, or dead and not yet
  // reaped; its own parent it takes for no one. The other lines stay: by them it finds backends still at work.
  if (existsSync(note)) writeFileSync(note, [process.pid, ...rest].join('\n'));
}

function portUsedBefore(dataDir: string): number[] {
  const file = join(dataDir, 'postgres-port');
  return existsSync(file) ? [Number(readFileSync(file, 'utf8'))] : [];
}

/** After kill -9 of a server its backends go by themselves, a busy one not before its statement ends. */
async function startOnceBackendsAreGone(
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
