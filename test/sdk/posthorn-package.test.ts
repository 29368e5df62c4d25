import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { type Installation, installOnSharedServers } from '../faults/installation/installation.ts';
import { endAllProcesses, startLauncher } from '../faults/installation/posthorn-process.ts';
import { startReceiver } from '../receivers/receiver.ts';
import { buildDashboard } from '../set-up/build-dashboard.ts';
import { runProgram, SDK_FOLDER } from './run-program.ts';

const root = join(SDK_FOLDER, '..');
let folder: string;
let launcher: string;
let posthorn: Installation;

/** A folder that has installed the packed Posthorn, with the dependencies that npm would install with it and no others. */
beforeAll(async () => {
  // In the repository, where other suites and the next run find it, and not in the copy, which is removed.
  buildDashboard();
  folder = mkdtempSync(join(tmpdir(), 'posthorn-package-'));
  const clone = join(folder, 'clone');
  copySources(clone);
  const PATH = `${join(root, 'node_modules/.bin')}${delimiter}${process.env.PATH}`;
  const packed = await runProgram('npm', ['pack', '--pack-destination', folder], {
    cwd: clone,
    env: { PATH },
  });
  if (packed.code !== 0) throw new Error(packed.stdout + packed.stderr);
  const installed = join(folder, 'node_modules/posthorn');
  mkdirSync(installed, { recursive: true });
  const [tarball] = globSync('*.tgz', { cwd: folder });
  const args = ['-xzf', join(folder, tarball!), '-C', installed, '--strip-components=1'];
  expect((await runProgram('tar', args)).code).toBe(0);
  linkDependencies();
  launcher = join(installed, 'bin/posthorn.mjs');
  posthorn = await installOnSharedServers();
});
afterAll(async () => {
  await endAllProcesses();
  await posthorn.close();
  rmSync(folder, { recursive: true });
});

/** What the package is made of. Packing builds in the folder, and other suites read what is built in the repository. */
const SOURCES = ['activities', 'bin', 'dashboard', 'migrations', 'sdk/typescript/src', 'src', 'workflows'];
const FILES = ['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json', 'package-lock.json'];

function copySources(clone: string): void {
  const configs = globSync('tsconfig*.json', { cwd: root });
  // A dashboard that is built is not built again; a build under way has a folder of its own.
  const filter = (path: string): boolean => !/dashboard\/dist-[^/]*$/.test(path);
  for (const path of [...SOURCES, ...FILES, ...configs])
    cpSync(join(root, path), join(clone, path), { recursive: true, filter });
  symlinkSync(join(root, 'node_modules'), join(clone, 'node_modules'));
}

function linkDependencies(): void {
  type Lock = { packages: Record<string, { dev?: true }> };
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as Lock;
  const wanted = Object.entries(packages).filter(
    ([path, { dev }]) => /^node_modules\/(@[^/]+\/)?[^/]+$/.test(path) && !dev,
  );
  for (const [path] of wanted) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    symlinkSync(join(root, path), join(folder, path));
  }
}

test('the installed package starts Posthorn with its pages, and its command listen forwards an event', async () => {
  const { env, api } = posthorn;
  const started = startLauncher(launcher, 'start', env);
  await started.untilPrinted(/connected to Temporal/, 120_000);
  await started.untilPrinted(/"started"|Posthorn is ready/, 120_000);
  expect((await fetch(`${api.url}/dashboard/`)).status).toBe(200);

  const app = await startReceiver();
  const project = await api.newProject({});
  const client = { POSTHORN_URL: api.url, POSTHORN_KEY: project.key, POSTHORN_DATA_DIR: folder };
  const listening = startLauncher(launcher, 'listen', client, '--forward-to', app.url);
  await listening.untilPrinted(/^\{"listener"/m);
  const event = await api.call(project.key, 'POST', '/v1/events?wait=20s', { type: 'a.b', data: { n: 1 } });

  expect(event).toMatchObject({ status: 'delivered' });
  expect(app.requests).toHaveLength(1);
  await listening.untilPrinted(/"status":200/);
  expect(await listening.end('SIGINT')).toBe(130);
  expect(await started.end('SIGTERM')).toBe(0);
  await app.close();
});

test('the package contains no sources and no tests, and the license', () => {
  const installed = dirname(dirname(launcher));
  expect(globSync('**/*.ts', { cwd: installed })).toEqual([]);
  expect(globSync('{src,test,sdk}', { cwd: installed })).toEqual([]);
  expect(readFileSync(join(installed, 'LICENSE'), 'utf8')).toBe(readFileSync(join(root, 'LICENSE'), 'utf8'));
});
