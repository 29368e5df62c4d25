import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { makeDataDir } from './data-dir.ts';
import { freePort } from './free-port.ts';
import { readOrCreate } from './local-secrets.ts';
import { type PostgresHome, preparePostgresHome } from './postgres-home.ts';
import { identityOf } from './process-identity.ts';
import {
  bareEnvironment,
  type ServiceProcess,
  type StopSignals,
  startService,
  stopProcess,
} from './service-process.ts';

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
};

const ROLE = 'posthorn';
const START_TIMEOUT_MS = 30_000;
const WRONG_PASSWORD = '28P01';

/** SIGINT is Postgres's fast shutdown, SIGQUIT its immediate one, which the next start recovers from. */
const STOP_SIGNALS: StopSignals = [
  { signal: 'SIGINT', waitMs: 20_000 },
  { signal: 'SIGQUIT', waitMs: 5_000 },
];

/**
 * A real Postgres on loopback, with a port of its own that stays the same over restarts while it is free, and a
 * password that only the owner of `dataDir` can read. One that an earlier run left behind is stopped first, so that
 * a start after kill -9 goes on from the same data. Throws with the server's last words when it does not start.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { log, durable = true } = options;
  const dataDir = makeDataDir(options.dataDir);
  const home = preparePostgresHome(dataDir, log);
  const data = join(home.folder, 'data');
  const password = readOrCreate(join(dataDir, 'postgres-password'), () => randomBytes(24).toString('hex'));

  await stopLeftover(data);
  if (!existsSync(data)) await initialise(home, data, password);

  const port = await freePort(...portUsedBefore(dataDir));
  const server = await startService({
    command: join(home.bin, 'postgres'),
    args: ['-D', data, ...settings(port, durable)],
    logFile: join(dataDir, 'postgres.log'),
    stopSignals: STOP_SIGNALS,
    account: home.account,
  });
  try {
    const urlOf = (database: string) => `postgresql://${ROLE}:${password}@127.0.0.1:${port}/${database}`;
    await untilReady(server, urlOf('postgres'));
    await createDatabase(urlOf('postgres'));
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
    log_checkpoints: 'off',
    ...(durable ? {} : { fsync: 'off', full_page_writes: 'off' }),
  };
  return Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

/** Built beside and renamed into place: a folder that initdb did not finish is never taken for a database. */
async function initialise(
  { bin, folder, account }: PostgresHome,
  data: string,
  password: string,
): Promise<void> {
  const partial = join(folder, 'data.partial');
  const passwordFile = join(folder, 'password.partial');
  rmSync(partial, { recursive: true, force: true });
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (account) chownSync(passwordFile, account.uid, account.gid);
  try {
    await promisify(execFile)(
      join(bin, 'initdb'),
      // The C locale sorts alike on every machine, and needs nothing installed.
      [
        `--pgdata=${partial}`,
        `--username=${ROLE}`,
        `--pwfile=${passwordFile}`,
        '--auth=scram-sha-256',
        '--encoding=UTF8',
        '--no-locale',
      ],
      { ...account, cwd: '/', env: bareEnvironment() },
    );
  } finally {
    rmSync(passwordFile, { force: true });
  }
  renameSync(partial, data);
}

/** Ends a server that outlived the run that started it, and removes its note when the id is now another process's. */
async function stopLeftover(data: string): Promise<void> {
  const note = join(data, 'postmaster.pid');
  if (!existsSync(note)) return;
  const pid = Number(readFileSync(note, 'utf8').split('\n')[0]);
  const identity = Number.isInteger(pid) && pid > 0 ? identityOf(pid) : undefined;
  if (identity?.includes(data)) await stopProcess(pid, STOP_SIGNALS);
  // Postgres would take the stranger for itself and refuse to start. Else it sorts its note out better than we can.
  else if (identity !== undefined) rmSync(note, { force: true });
}

function portUsedBefore(dataDir: string): number[] {
  const file = join(dataDir, 'postgres-port');
  return existsSync(file) ? [Number(readFileSync(file, 'utf8'))] : [];
}

async function untilReady(server: ServiceProcess, url: string): Promise<void> {
  const until = performance.now() + START_TIMEOUT_MS;
  for (;;) {
    if (server.failure()) throw new Error(`The embedded Postgres did not start: ${server.failure()}`);
    try {
      return await withClient(url, async (client) => void (await client.query('SELECT 1')));
    } catch (error) {
      if (error instanceof pg.DatabaseError && error.code === WRONG_PASSWORD) {
        throw new Error(
          'The embedded Postgres refuses the password in postgres-password: it is not of this data',
          {
            cause: error,
          },
        );
      }
      if (performance.now() > until)
        throw new Error('The embedded Postgres does not answer', { cause: error });
      await sleep(25);
    }
  }
}

async function createDatabase(url: string): Promise<void> {
  await withClient(url, async (client) => {
    const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [ROLE]);
    if (!rowCount) await client.query(`CREATE DATABASE ${ROLE}`);
  });
}

async function withClient(url: string, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on('error', () => {}); // the server may go while we are connected; the query says so
  try {
    await client.connect();
    await work(client);
  } finally {
    await client.end();
  }
}
