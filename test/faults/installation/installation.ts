import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { findFreePort } from '../../../src/embedded/free-port.ts';
import { migrate } from '../../../src/store/migrations/migrate.ts';
import { createPool } from '../../../src/store/postgres/database.ts';
import { eventually } from '../../set-up/eventually.ts';
import { createTestDatabase } from '../../set-up/servers/database.ts';
import { createTestNamespace, temporalAddress } from '../../set-up/servers/temporal.ts';
import { type ApiClient, apiClient } from './api-client.ts';
import { nonEphemeralPort, type OwnServers } from './own-servers.ts';
import { type PosthornProcess, startPosthorn, startPosthornWithOpenFiles } from './posthorn-process.ts';

/** Posthorn as an operator runs it against real servers, on a database and a namespace of its own. */
export type Installation = {
  env: NodeJS.ProcessEnv;
  pool: pg.Pool;
  /** Each returns when the process does its work. */
  startApi(env?: NodeJS.ProcessEnv): Promise<PosthornProcess>;
  startWorker(env?: NodeJS.ProcessEnv): Promise<PosthornProcess>;
  /** API and worker in one process. */
  startBoth(env?: NodeJS.ProcessEnv, options?: { openFiles?: number }): Promise<PosthornProcess>;
  /** API and worker apart; in one process if POSTHORN_FIRST_ATTEMPT is express, which needs both in one. */
  startAll(env?: NodeJS.ProcessEnv): Promise<unknown>;
  /** Waits until Postgres has noticed the death of a process: what it had sent may be committed after that. */
  untilDisconnected(killed: PosthornProcess): Promise<void>;
  api: ApiClient;
  /** Ends the processes that it has started, too. */
  close(): Promise<void>;
};

/** Whether the processes make first attempts without a workflow, in the second run of a test (jest.config.cjs). */
export const isExpress = process.env.POSTHORN_FIRST_ATTEMPT === 'express';

const ADMIN_KEY = 'admin-key-of-the-tests-0123456789';

/** What an installation must know of its servers. */
export type ServerAddresses = {
  postgres: Pick<OwnServers['postgres'], 'urlOf'>;
  temporal: Pick<OwnServers['temporal'], 'address'>;
};

/** On servers that the test may kill. */
export async function installOn(servers: ServerAddresses): Promise<Installation> {
  const posthorn = await installUnmigratedOn(servers);
  await migrate(posthorn.env.DATABASE_URL!);
  return posthorn;
}

/** The same before `posthorn migrate`: on an empty database. */
export async function installUnmigratedOn({ postgres, temporal }: ServerAddresses): Promise<Installation> {
  const name = `faults_${random()}`;
  const client = new pg.Client({ connectionString: postgres.urlOf('postgres') });
  await client.connect();
  await client.query(`CREATE DATABASE ${name}`).finally(() => client.end());
  return install(postgres.urlOf(name), temporal.address, `faults-${random()}`);
}

/** On the servers of the run, for tests that kill only what is ours. */
export async function installOnSharedServers(): Promise<Installation> {
  const database = await createTestDatabase();
  const posthorn = await install(database.url, temporalAddress(), await createTestNamespace());
  return {
    ...posthorn,
    async close() {
      await posthorn.close();
      await database.drop();
    },
  };
}

/** Plays a test in an installation of its own on the servers of the run, with a receiver, and closes both. */
export async function inOwnInstallation<R extends { close(): Promise<void> }>(
  startReceiver: () => Promise<R>,
  play: (posthorn: Installation, receiver: R) => Promise<void>,
): Promise<void> {
  const posthorn = await installOnSharedServers();
  const receiver = await startReceiver();
  try {
    await play(posthorn, receiver);
  } finally {
    await posthorn.close();
    await receiver.close();
  }
}

const SESSIONS_OF = 'SELECT FROM pg_stat_activity WHERE application_name = $1';

const random = (): string => randomBytes(6).toString('hex');

async function install(
  databaseUrl: string,
  temporalAddress: string,
  namespace: string,
): Promise<Installation> {
  const pool = createPool(databaseUrl, 4);
  const port = await findFreePort(nonEphemeralPort());
  const apiUrl = `http://127.0.0.1:${port}`;
  const dataDir = mkdtempSync(join(tmpdir(), 'posthorn-faults-'));
  const env: NodeJS.ProcessEnv = {
    DATABASE_URL: databaseUrl,
    TEMPORAL_ADDRESS: temporalAddress,
    TEMPORAL_NAMESPACE: namespace,
    POSTHORN_PORT: String(port),
    POSTHORN_DATA_DIR: dataDir,
    POSTHORN_ADMIN_KEY: ADMIN_KEY,
    POSTHORN_ENCRYPTION_KEYS: randomBytes(32).toString('base64'),
    POSTHORN_ALLOW_TARGETS: '127.0.0.0/8',
    LOG_LEVEL: 'info',
  };
  const namesInPostgres = new Map<PosthornProcess, string>();

  async function start(
    command: string,
    more: NodeJS.ProcessEnv = {},
    { openFiles }: { openFiles?: number } = {},
  ): Promise<PosthornProcess> {
    const name = `posthorn-${random()}`;
    const all = { ...env, PGAPPNAME: name, ...more };
    const posthorn =
      openFiles === undefined
        ? startPosthorn(command, all)
        : startPosthornWithOpenFiles(openFiles, command, all);
    namesInPostgres.set(posthorn, name);
    await posthorn.untilPrinted(/connected to Temporal/);
    if (command !== 'worker') await posthorn.untilPrinted(/"started"|Posthorn is ready/);
    return posthorn;
  }

  return {
    env,
    pool,
    startApi: (more) => start('api', more),
    startWorker: (more) => start('worker', more),
    startBoth: (more, options) => start('start', more, options),
    startAll: (more) =>
      isExpress ? start('start', more) : Promise.all([start('api', more), start('worker', more)]),
    untilDisconnected: (killed) =>
      eventually(async () => {
        const name = namesInPostgres.get(killed);
        return (await pool.query(SESSIONS_OF, [name])).rowCount === 0;
      }),
    api: apiClient(apiUrl, ADMIN_KEY),
    async close() {
      await Promise.all([...namesInPostgres.keys()].map((one) => one.end('SIGKILL')));
      await pool.end();
      rmSync(dataDir, { recursive: true });
    },
  };
}
