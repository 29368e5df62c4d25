import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFreePort } from '../../src/embedded/free-port.ts';
import { startEmbeddedPostgres } from '../../src/embedded/postgres/postgres.ts';
import { startDevServer } from '../../src/embedded/temporal/temporal.ts';
import { migrate } from '../../src/store/migrations/migrate.ts';
import { delayingProxy } from '../load/delaying-proxy.ts';
import { newProject, type Posthorn, untilReady } from './posthorn.ts';

const CLI = join(import.meta.dirname, '../../src/cli/program.ts');
const log = (): void => {};

/** The members of Posthorn that exist when API and worker are separate processes. */
export type SeparatePosthorn = Pick<Posthorn, 'url' | 'newProject' | 'databaseUrl' | 'stop'>;

/**
 * Starts `posthorn api` and `posthorn worker`, or other roles, as separate processes, on a Postgres with fsync and a
 * Temporal dev server. Each message to Postgres is delayed by `databaseDelayMs`.
 */
export async function startSeparately({
  roles = ['api', 'worker'],
  databaseDelayMs = 0,
  env = {},
}: {
  roles?: ('api' | 'worker' | 'start')[];
  databaseDelayMs?: number;
  env?: NodeJS.ProcessEnv;
} = {}): Promise<SeparatePosthorn> {
  const dataDir = mkdtempSync(join(tmpdir(), 'posthorn-bench-'));
  chmodSync(dataDir, 0o711); // if root runs the benchmark, Postgres runs as another user, who must traverse the folder
  const postgres = await startEmbeddedPostgres({ dataDir, log });
  const temporal = await startDevServer({ dataDir, cliPath: process.env.TEMPORAL_CLI_PATH, log });
  await migrate(postgres.url);
  const proxy = await delayingProxy(Number(new URL(postgres.url).port), databaseDelayMs);
  const databaseUrl = new URL(postgres.url);
  databaseUrl.port = String(proxy.port);

  const port = await findFreePort();
  const url = `http://127.0.0.1:${port}`;
  const adminKey = `bench_${randomBytes(24).toString('hex')}`;
  const children = roles.map((role) =>
    start(role, {
      ...{ PATH: process.env.PATH, HOME: process.env.HOME },
      DATABASE_URL: databaseUrl.toString(),
      TEMPORAL_ADDRESS: temporal.address,
      POSTHORN_ADMIN_KEY: adminKey,
      POSTHORN_ENCRYPTION_KEYS: randomKey,
      POSTHORN_ALLOW_TARGETS: '127.0.0.0/8',
      POSTHORN_PORT: String(port),
      LOG_LEVEL: 'error',
      ...env,
    }),
  );
  await untilReady(url, () => children.some(({ child }) => child.exitCode !== null));
  return {
    url,
    newProject: (settings) => newProject(url, adminKey, settings),
    databaseUrl: () => postgres.url,
    async stop() {
      for (const { child } of children) child.kill('SIGTERM');
      await Promise.all(children.map(({ ended }) => ended));
      await proxy.close();
      await temporal.stop();
      await postgres.stop();
      rmSync(postgres.folder, { recursive: true, force: true });
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

const randomKey = randomBytes(32).toString('base64');

function start(role: string, env: NodeJS.ProcessEnv): { child: ChildProcess; ended: Promise<void> } {
  const child = spawn(process.execPath, [CLI, role], { env, stdio: ['ignore', 'ignore', 'inherit'] });
  return { child, ended: new Promise((resolve) => child.once('exit', () => resolve())) };
}
