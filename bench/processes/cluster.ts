import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { isTemporalServerBuilt } from '../../scripts/temporal-server.ts';
import { findFreePort } from '../../src/embedded/free-port.ts';
import { migrate } from '../../src/store/migrations/migrate.ts';
import { type Cluster, startCluster } from '../../test/cluster/servers/start-cluster.ts';
import { newProject, type Posthorn, untilReady } from './posthorn.ts';
import { type ServerPids, withChildren } from './process-usage.ts';

/** What docker-compose.yml runs: Postgres, the Temporal server on it, and API and worker processes. */
export type ClusterPosthorn = Pick<Posthorn, 'newProject' | 'temporalAddress'> & {
  /** Of each API. */
  urls: string[];
  cluster: Cluster;
  pids(): ServerPids;
  /** Stops the workers, and starts this many. */
  runWorkers(count: number): Promise<void>;
  stop(): Promise<void>;
};

const CLI = new URL('../../src/cli/program.ts', import.meta.url).pathname;
const STATEMENTS = ['shared_preload_libraries=pg_stat_statements', 'pg_stat_statements.max=10000'];

type Running = { child: ChildProcess; ended: Promise<void> };

/** Without a worker yet. Needs what `npm run temporal-server` builds. The statements of all databases are counted. */
export async function startOnCluster({ apis }: { apis: number }): Promise<ClusterPosthorn> {
  if (!isTemporalServerBuilt()) throw new Error('Build the Temporal server first: npm run temporal-server');
  const cluster = await startCluster({ settings: STATEMENTS });
  const database = await createDatabase(cluster);
  await migrate(database);
  const ports: number[] = [];
  while (ports.length < apis) ports.push(await findFreePort(4_100 + 100 * ports.length));
  const urls = ports.map((port) => `http://127.0.0.1:${port}`);
  const adminKey = `bench_${randomBytes(24).toString('hex')}`;
  const env = {
    ...{ PATH: process.env.PATH, HOME: process.env.HOME },
    DATABASE_URL: database,
    TEMPORAL_ADDRESS: cluster.temporal.address,
    POSTHORN_ADMIN_KEY: adminKey,
    POSTHORN_ENCRYPTION_KEYS: randomBytes(32).toString('base64'),
    POSTHORN_ALLOW_TARGETS: '127.0.0.0/8',
    LOG_LEVEL: 'error',
  };

  const running = ports.map((port) => start('api', { ...env, POSTHORN_PORT: String(port) }));
  let workers: Running[] = [];
  const hasEnded = () => [...running, ...workers].some(({ child }) => child.exitCode !== null);
  for (const url of urls) await untilReady(url, hasEnded);

  async function stopWorkers(): Promise<void> {
    const stopping = workers;
    workers = [];
    await end(stopping);
  }

  return {
    urls,
    cluster,
    pids: () => ({
      posthorn: [...running, ...workers].map(({ child }) => child.pid!),
      postgres: withChildren(cluster.postgres.pid()),
      temporal: [cluster.temporal.pid()],
    }),
    temporalAddress: () => cluster.temporal.address,
    newProject: (settings) => newProject(urls[0]!, adminKey, settings),
    async runWorkers(count) {
      await stopWorkers();
      for (let n = 0; n < count; n += 1) {
        const port = String(await findFreePort(5_100 + 100 * n));
        workers.push(start('worker', { ...env, POSTHORN_HEALTH_PORT: port }));
        await untilReady(`http://127.0.0.1:${port}`, hasEnded);
      }
    },
    async stop() {
      await stopWorkers();
      await end(running);
      await cluster.stop();
    },
  };
}

/** Returns its URL. */
async function createDatabase({ postgres }: Cluster): Promise<string> {
  const client = new pg.Client({ connectionString: postgres.urlOf('postgres') });
  await client.connect();
  try {
    await client.query('CREATE DATABASE posthorn');
    await client.query('CREATE EXTENSION pg_stat_statements');
  } finally {
    await client.end();
  }
  return postgres.urlOf('posthorn');
}

function start(role: 'api' | 'worker', env: NodeJS.ProcessEnv): Running {
  const child = spawn(process.execPath, [CLI, role], { env, stdio: ['ignore', 'ignore', 'inherit'] });
  return { child, ended: new Promise((resolve) => child.once('exit', () => resolve())) };
}

async function end(processes: Running[]): Promise<void> {
  for (const { child } of processes) child.kill('SIGTERM');
  await Promise.all(processes.map(({ ended }) => ended));
}
