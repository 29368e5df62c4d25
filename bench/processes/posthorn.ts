import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findFreePort } from '../../src/embedded/free-port.ts';
import { type ServerPids, serverPids } from './process-usage.ts';

/** `posthorn start` with embedded servers, on its own data folder. */
export type Posthorn = {
  url: string;
  dataDir: string;
  /** Read at each call, because Postgres starts and ends processes. */
  pids(): ServerPids;
  temporalAddress(): string;
  databaseUrl(): string;
  newProject(settings?: object): Promise<Project>;
  /** kill -9 of all server processes at once. */
  kill(): Promise<void>;
  /** Starts again on the same data and port. Resolves when ready. */
  start(): Promise<void>;
  stop(): Promise<void>;
};

export type Project = {
  key: string;
  /** Returns the id of the endpoint. */
  newEndpoint(url: string, events?: string[]): Promise<string>;
  /** Cancels its open deliveries. */
  deleteEndpoint(id: string): Promise<void>;
  /** Any other call with its key. */
  call(method: string, path: string, body?: object): Promise<{ id: string }>;
};

/** How the first attempt is made: by a workflow, or by the accepting process itself. */
export const FIRST_ATTEMPTS = ['workflow', 'express'] as const;
export type FirstAttempt = (typeof FIRST_ATTEMPTS)[number];

export type PosthornMode = { grouping: 'auto' | 'never'; firstAttempt: FirstAttempt };

export type PosthornOptions = PosthornMode & {
  /** Folder for the CPU profile that the process writes when it stops. */
  cpuProfileDir?: string | undefined;
  /** More variables of its environment. */
  variables?: Record<string, string>;
};

const READY_TIMEOUT_MS = 300_000;
const CLI = join(import.meta.dirname, '../../src/cli/program.ts');

export async function startPosthorn({
  grouping,
  firstAttempt,
  cpuProfileDir,
  variables = {},
}: PosthornOptions): Promise<Posthorn> {
  const dataDir = mkdtempSync(join(tmpdir(), 'posthorn-bench-'));
  chmodSync(dataDir, 0o711); // if root runs the benchmark, Postgres runs as another user, who must traverse the folder
  const port = await findFreePort();
  const url = `http://127.0.0.1:${port}`;
  const { PATH, HOME, TEMPORAL_CLI_PATH, XDG_CACHE_HOME } = process.env;
  const env = {
    ...{ PATH, HOME, TEMPORAL_CLI_PATH, XDG_CACHE_HOME },
    POSTHORN_DATA_DIR: dataDir,
    POSTHORN_PORT: String(port),
    POSTHORN_GROUPING: grouping,
    POSTHORN_FIRST_ATTEMPT: firstAttempt,
    ...variables,
  };
  const profiling = cpuProfileDir ? ['--cpu-prof', `--cpu-prof-dir=${cpuProfileDir}`] : [];
  const inDataDir = (name: string): string => readFileSync(join(dataDir, name), 'utf8').trim();
  let child: ChildProcess;
  let ended: Promise<void>;

  async function start(): Promise<void> {
    child = spawn(process.execPath, [...profiling, CLI, 'start'], {
      env,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    ended = new Promise((resolve) => child.once('exit', () => resolve()));
    await untilReady(url, () => child.exitCode !== null);
  }

  async function kill(): Promise<void> {
    for (const pid of Object.values(serverPids(child.pid!)).flat()) killNow(pid);
    await ended;
  }

  async function stop(): Promise<void> {
    child.kill('SIGTERM');
    await ended;
    const postgres = realpathSync(join(dataDir, 'postgres')); // a link if the user of Postgres cannot reach the folder
    rmSync(postgres, { recursive: true, force: true });
    rmSync(dataDir, { recursive: true, force: true });
  }

  await start();
  return {
    url,
    dataDir,
    pids: () => serverPids(child.pid!),
    temporalAddress: () => `127.0.0.1:${JSON.parse(inDataDir('temporal.json')).port}`,
    databaseUrl: () =>
      `postgresql://posthorn:${inDataDir('postgres-password')}@127.0.0.1:${inDataDir('postgres-port')}/posthorn`,
    newProject: (settings) => newProject(url, inDataDir('admin-key'), settings),
    kill,
    start,
    stop,
  };
}

export async function untilReady(url: string, hasEnded: () => boolean): Promise<void> {
  const until = performance.now() + READY_TIMEOUT_MS;
  while (performance.now() < until) {
    if (hasEnded()) throw new Error('posthorn exited before it was ready');
    const ready = await fetch(`${url}/readyz`).catch(() => null);
    if (ready?.ok) return;
    await sleep(20);
  }
  throw new Error(`posthorn was not ready within ${READY_TIMEOUT_MS / 1_000} s`);
}

export async function newProject(url: string, adminKey: string, settings?: object): Promise<Project> {
  const { key } = await call(url, adminKey, 'POST', '/v1/projects', { name: 'bench' });
  if (settings) await call(url, key, 'PATCH', '/v1/project', settings);
  return {
    key,
    call: (method, path, body) => call(url, key, method, path, body),
    async newEndpoint(target, events = ['*']) {
      return (await call(url, key, 'POST', '/v1/endpoints', { url: target, events })).id;
    },
    async deleteEndpoint(id) {
      await call(url, key, 'DELETE', `/v1/endpoints/${id}`);
    },
  };
}

async function call(url: string, key: string, method: string, path: string, body?: object) {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path} responded ${response.status}: ${text}`);
  return JSON.parse(text || '{}') as { id: string; key: string };
}

function killNow(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has exited with its parent.
  }
}
