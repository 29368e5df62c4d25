import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { findFreePort } from '../../../src/embedded/free-port.ts';
import { nonEphemeralPort } from '../../faults/installation/own-servers.ts';
import { eventually } from '../eventually.ts';

export type PgBouncer = { urlOf(direct: string): string; close(): Promise<void> };

/** It refuses to run as root. */
const accountForRoot = (): string[] => {
  if (process.getuid?.() !== 0) return [];
  const user = ['postgres', 'nobody'].find((name) => spawnSync('id', [name]).status === 0);
  return user ? ['-u', user] : [];
};

const onPath = (): string | undefined =>
  ['pgbouncer', '/usr/sbin/pgbouncer'].find((command) => spawnSync(command, ['--version']).status === 0);

/** A test that is skipped, with the reason in its name, where PgBouncer is not installed. */
export const testWithPgBouncer = (name: string, run: () => Promise<void>): void =>
  onPath()
    ? test(name, run)
    : test.skip(`${name} (skipped: no PgBouncer here, apt-get install pgbouncer)`, run);

/** A PgBouncer before the server of `direct`, with the settings of its ini file that the test wants otherwise. */
export async function startPgBouncer(
  direct: string,
  settings: Record<string, string> = {},
): Promise<PgBouncer> {
  const { hostname, port: serverPort, username, password } = new URL(direct);
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-pgbouncer-'));
  chmodSync(folder, 0o755);
  const port = await findFreePort(nonEphemeralPort());
  const ini = {
    listen_addr: '127.0.0.1',
    listen_port: port,
    unix_socket_dir: '',
    auth_type: 'plain',
    auth_file: join(folder, 'users.txt'),
    pool_mode: 'transaction',
    default_pool_size: 40,
    logfile: '',
    ...settings,
  };
  const lines = Object.entries(ini).map(([name, value]) => `${name} = ${value}`);
  writeFileSync(
    join(folder, 'pgbouncer.ini'),
    ['[databases]', `* = host=${hostname} port=${serverPort}`, '[pgbouncer]', ...lines, ''].join('\n'),
  );
  writeFileSync(join(folder, 'users.txt'), `"${username}" "${decodeURIComponent(password)}"\n`);
  const child = spawn(onPath()!, [...accountForRoot(), join(folder, 'pgbouncer.ini')], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += data));
  const urlOf = (url: string) => {
    const pooled = new URL(url);
    [pooled.hostname, pooled.port] = ['127.0.0.1', String(port)];
    return pooled.toString();
  };
  await eventually(() => answers(urlOf(direct))).catch(() => {
    throw new Error(`PgBouncer did not start: ${output}`);
  });
  return {
    urlOf,
    async close() {
      await ended(child);
      rmSync(folder, { recursive: true });
    },
  };
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query('SELECT 1');
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGTERM');
    setTimeout(() => child.kill('SIGKILL'), 2_000).unref();
  });
}
