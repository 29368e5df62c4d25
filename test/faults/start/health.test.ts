import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { findFreePort } from '../../../src/embedded/free-port.ts';
import { eventually } from '../../set-up/eventually.ts';
import { type Installation, installOnSharedServers } from '../installation/installation.ts';
import { nonEphemeralPort } from '../installation/own-servers.ts';
import { endAllProcesses, startPosthorn } from '../installation/posthorn-process.ts';

let posthorn: Installation;
let port: number;
beforeEach(async () => {
  posthorn = await installOnSharedServers();
  port = await findFreePort(nonEphemeralPort());
});
afterEach(async () => {
  await endAllProcesses();
  await posthorn.close();
});

const root = join(__dirname, '../../..');
/** Runs the health check as Docker does, in the environment of the container. */
const healthCheck = (...args: string[]): number | null =>
  spawnSync(process.execPath, [join(root, 'bin/is-healthy.mjs'), ...args], {
    env: { ...process.env, ...posthorn.env, POSTHORN_HEALTH_PORT: String(port) },
  }).status;

type Answer = { ready: boolean; components: Record<string, { ok: boolean; detail?: string }> };
async function readyz(url = `http://127.0.0.1:${port}`): Promise<Answer & { status: number }> {
  const response = await fetch(`${url}/readyz`);
  return { status: response.status, ...((await response.json()) as Answer) };
}

test('a worker is healthy once it polls, but not while Temporal is down', async () => {
  const env = { ...posthorn.env, POSTHORN_HEALTH_PORT: String(port) };
  const waiting = startPosthorn('worker', { ...env, TEMPORAL_ADDRESS: '127.0.0.1:1' });
  await waiting.untilPrinted(/"started"/);
  await eventually(async () => /TEMPORAL_ADDRESS/.test((await readyz()).components.temporal!.detail ?? ''));
  expect(await readyz()).toMatchObject({
    status: 503,
    ready: false,
    components: { postgres: { ok: true }, schema: { ok: true }, worker: { ok: false } },
  });
  expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200);
  expect(healthCheck('worker')).toBe(1);
  expect(healthCheck()).toBe(1);
  await waiting.end('SIGTERM');

  const working = startPosthorn('worker', env);
  await working.untilPrinted(/"started"/);
  await eventually(async () => (await readyz()).status === 200);
  expect(working.output()).toContain('the workers are polling their task queues');
  expect(healthCheck('worker')).toBe(0);
  expect(healthCheck()).toBe(0);
  expect(await working.end('SIGTERM')).toBe(0);
});

test('an API is healthy while Temporal is down, and it is ready only with a migrated database', async () => {
  await posthorn.startApi();
  expect(healthCheck()).toBe(0);
  const { url } = posthorn.api;
  await eventually(async () => (await readyz(url)).status === 200);

  await posthorn.pool.query("INSERT INTO schema_migrations (name, checksum) VALUES ('9999_later.sql', '')");
  await eventually(async () => !(await readyz(url)).components.schema!.ok);
  expect(await readyz(url)).toMatchObject({
    status: 200,
    components: { schema: { ok: false, detail: expect.stringContaining('9999_later.sql') } },
  });

  await posthorn.pool.query('ALTER TABLE schema_migrations RENAME TO hidden');
  await eventually(async () => (await readyz(url)).status === 503);
  expect((await readyz(url)).components.schema!.detail).toContain('posthorn migrate');
  await posthorn.pool.query('ALTER TABLE hidden RENAME TO schema_migrations');
  await eventually(async () => (await readyz(url)).status === 200);
});
