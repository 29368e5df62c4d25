import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { startReceiver } from '../receivers/receiver.ts';
import { runProgram } from '../sdk/run-program.ts';
import { eventually } from '../set-up/eventually.ts';
import { temporalAddress } from '../set-up/servers/temporal.ts';
import { startTestPosthorn } from '../set-up/test-posthorn.ts';

const root = join(import.meta.dirname, '../..');
const binaries = join(root, 'node_modules/.bin');
let folder: string;
let installed: string;

/** A project that has installed both packed packages and Temporal's SDK, as npm would install them. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'posthorn-temporal-'));
  installed = await install('@posthorn/temporal', 'packages/temporal');
  await install('@posthorn/sdk', 'sdk/typescript');
  for (const name of ['@temporalio', '@types', 'nexus-rpc'])
    symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name));
  cpSync(join(root, 'packages/temporal/samples'), join(folder, 'samples'), { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Packs a copy, because packing builds in the folder. Returns where the package is installed. */
async function install(name: string, path: string): Promise<string> {
  const sources = join(folder, 'sources', path);
  cpSync(join(root, path), sources, { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(sources, 'node_modules'));
  const PATH = `${binaries}${delimiter}${process.env.PATH}`;
  const packed = await runProgram('npm', ['pack', '--pack-destination', sources], {
    cwd: sources,
    env: { PATH },
  });
  if (packed.code !== 0) throw new Error(packed.stdout + packed.stderr);
  const target = join(folder, 'node_modules', name);
  mkdirSync(target, { recursive: true });
  const [tarball] = globSync('*.tgz', { cwd: sources });
  const args = ['-xzf', join(sources, tarball!), '-C', target, '--strip-components=1'];
  expect((await runProgram('tar', args)).code).toBe(0);
  return target;
}

const manifest = () =>
  JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as {
    version: string;
    exports: Record<string, Record<string, Record<string, string>>>;
    peerDependencies: Record<string, string>;
  };

test('the samples run from the packed package: activity, Nexus operation and events of closed workflows', async () => {
  const posthorn = await startTestPosthorn();
  const receiver = await startReceiver();
  await posthorn.newEndpoint(receiver.url);
  const env = {
    POSTHORN_URL: posthorn.url,
    POSTHORN_KEY: posthorn.project.key,
    TEMPORAL_ADDRESS: temporalAddress(),
    TEMPORAL_NAMESPACE: posthorn.config.temporal.namespace,
  };
  const cwd = join(folder, 'samples');
  const run = (file: string) => runProgram(process.execPath, [file], { cwd, env });

  expect(await run('create-nexus-endpoint.ts')).toMatchObject({ code: 0 });
  const worker = spawn(process.execPath, ['worker.ts'], { cwd, env: { ...process.env, ...env } });
  const output = outputOf(worker);
  await eventually(() => output().includes('The workers run') || worker.exitCode !== null, 120_000);
  const started = await run('start-workflows.ts');
  worker.kill('SIGTERM');
  if (worker.exitCode === null) await once(worker, 'exit');

  expect(started).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(
      /sent the event wf_[0-9a-f]{40}\nhandOverOrder knows that its event is delivered\n/,
    ),
  });
  await receiver.untilReceived(4);
  const types = receiver.requests.map(({ body }) => (JSON.parse(body.toString()) as { type: string }).type);
  expect(types.toSorted()).toEqual([
    'order.handed_over',
    'order.shipped',
    'workflow.completed',
    'workflow.completed',
  ]);
  expect(worker.exitCode).toBe(0);
  await receiver.close();
  await posthorn.close();
});

function outputOf(child: ChildProcess): () => string {
  let text = '';
  for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (data: Buffer) => (text += data));
  return () => text;
}

test.each([
  ['an ES module', 'program.mjs', (name: string) => `await import('${name}')`],
  ['CommonJS', 'program.cjs', (name: string) => `require('${name}')`],
])('what Node.js programs use of the package loads as %s', async (_, file, load) => {
  const calls = ['@posthorn/temporal', '@posthorn/temporal/nexus'].map(load);
  writeFileSync(
    join(folder, file),
    `for (const it of [${calls}]) console.log(Object.keys(it).sort().join());`,
  );
  const { stdout, stderr } = await runProgram(process.execPath, ['--no-experimental-require-module', file], {
    cwd: folder,
  });
  expect(stderr).toBe('');
  expect(stdout).toMatch(
    /createPosthornActivities.*posthornPlugin.*\n.*posthornNexusHandler.*posthornService/,
  );
});

test.each([
  ['program.mts', 'nodenext', 'nodenext'],
  ['program.cts', 'node16', 'node16'],
  ['program.ts', 'esnext', 'bundler'],
])(
  'TypeScript finds the types from %s as module %s by %s, and reports wrong arguments',
  async (file, module, resolution) => {
    const program = `
    import { PosthornClient } from '@posthorn/sdk';
    import { createPosthornActivities, posthornPlugin, type SentWebhook } from '@posthorn/temporal';
    import { posthornNexusHandler } from '@posthorn/temporal/nexus';
    import { closeEvents, defaultCloseEvent, type WorkflowClose } from '@posthorn/temporal/workflow';
    import type { WorkerOptions } from '@temporalio/worker';
    const client = new PosthornClient({ url: '', apiKey: '' });
    export const options: Partial<WorkerOptions> = {
      plugins: [posthornPlugin({ client, closeEvents: true })],
      nexusServices: [posthornNexusHandler],
    };
    export const sent: Promise<SentWebhook> = createPosthornActivities({ client }).sendWebhook({ type: 'a.b', data: {} });
    export const interceptors = () => closeEvents({ event: (close: WorkflowClose) => defaultCloseEvent(close) });
    // @ts-expect-error: an event has a type
    void createPosthornActivities({ client }).sendWebhook({ data: {} });
    // @ts-expect-error: the secret of a target does not belong into a history
    void createPosthornActivities({ client }).sendWebhook({ type: 'a.b', data: {}, target: { url: '', secret: '' } });`;
    writeFileSync(join(folder, file), program);
    const options = ['--noEmit', '--strict', '--target', 'es2022', '--types', 'node', '--skipLibCheck'];
    options.push('--module', module, '--moduleResolution', resolution);
    const { stdout } = await runProgram(
      process.execPath,
      [join(binaries, '../typescript/bin/tsc'), ...options, file],
      { cwd: folder },
    );
    expect(stdout).toBe('');
  },
);

test('the packed package brings no copy of the SDK: everything it imports is a peer', () => {
  expect(manifest()).not.toHaveProperty('dependencies');
  const peers = Object.keys(manifest().peerDependencies);
  const text = globSync('dist/**/*.js', { cwd: installed })
    .map((file) => readFileSync(join(installed, file), 'utf8'))
    .join('\n');
  const imported = [...text.matchAll(/(?:from |require\()['"]([^'"./][^'"]*)['"]/g)].map(([, name]) => name!);
  const packages = new Set(imported.filter((name) => !name.startsWith('node:')));
  expect([...packages].toSorted()).toEqual([
    '@temporalio/activity',
    '@temporalio/common',
    '@temporalio/nexus',
    '@temporalio/workflow',
    'nexus-rpc',
  ]);
  expect(peers).toEqual(expect.arrayContaining([...packages]));
});

test('the packed package has every file that its exports name, the license, a changelog and no sources', () => {
  const files = Object.values(manifest().exports).flatMap((entry) =>
    Object.values(entry).flatMap(Object.values<string>),
  );
  expect(files.filter((file) => !globSync(file, { cwd: installed }).length)).toEqual([]);
  expect(readFileSync(join(installed, 'CHANGELOG.md'), 'utf8')).toContain('# Changelog');
  expect(readFileSync(join(installed, 'LICENSE'), 'utf8')).toBe(readFileSync(join(root, 'LICENSE'), 'utf8'));
  expect(globSync('{src,samples,scripts}/**', { cwd: installed })).toEqual([]);
});

test('the package has the same version as the SDK, and its README no relative link', () => {
  const sdk = JSON.parse(readFileSync(join(root, 'sdk/typescript/package.json'), 'utf8')) as {
    version: string;
  };
  expect(manifest().version).toBe(sdk.version);
  const text = readFileSync(join(installed, 'README.md'), 'utf8');
  expect([...text.matchAll(/\]\((?!https?:\/\/|#)([^)]*)\)/g)].map(([, target]) => target)).toEqual([]);
});
