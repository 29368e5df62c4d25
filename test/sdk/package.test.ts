import {
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { startReceiver } from '../receivers/receiver.ts';
import { startTestPosthorn } from '../set-up/test-posthorn.ts';
import { runProgram, runPython, SDK_FOLDER, testWithPython } from './run-program.ts';

const root = join(SDK_FOLDER, '..');
const binaries = join(root, 'node_modules/.bin');
let folder: string;
let installed: string;

/** A project that has installed the packed package, and nothing else. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'posthorn-sdk-'));
  installed = join(folder, 'node_modules/@posthorn/sdk');
  const sources = join(folder, 'sources');
  cpSync(join(SDK_FOLDER, 'typescript'), sources, { recursive: true });
  // The build needs its dev dependencies. The project beside the sources does not find them.
  symlinkSync(join(root, 'node_modules'), join(sources, 'node_modules'));
  const PATH = `${binaries}${delimiter}${process.env.PATH}`;
  const packed = await runProgram('npm', ['pack', '--pack-destination', folder], {
    cwd: sources,
    env: { PATH },
  });
  if (packed.code !== 0) throw new Error(packed.stdout + packed.stderr);
  mkdirSync(installed, { recursive: true });
  const [tarball] = globSync('*.tgz', { cwd: folder });
  const args = ['-xzf', join(folder, tarball!), '-C', installed, '--strip-components=1'];
  expect((await runProgram('tar', args)).code).toBe(0);
});
afterAll(() => rmSync(folder, { recursive: true }));

const node = (...args: string[]) => runProgram(process.execPath, args, { cwd: folder });

const VERIFY = `
  const client = new PosthornClient({ url: 'http://127.0.0.1:1', apiKey: 'none', profile: 'cmdcal' });
  const signature = '757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17';
  const secret = "It's a Secret to Everybody";
  const verified = client.webhooks.verify({ payload: 'Hello, World!', signature, secret });`;

test.each([
  ['an ES module', 'receiver.mjs', "import { PosthornClient } from '@posthorn/sdk';"],
  ['CommonJS', 'receiver.cjs', "const { PosthornClient } = require('@posthorn/sdk');"],
])('the packed package verifies in %s, in plain JavaScript', async (_, file, load) => {
  writeFileSync(join(folder, file), `${load}${VERIFY}\nconsole.log(verified);`);
  const { stdout, stderr } = await node('--no-strip-types', '--no-experimental-require-module', file);
  expect({ stdout, stderr }).toEqual({ stdout: 'true\n', stderr: '' });
});

test('the packed package works in Jest with its default settings, which load CommonJS', async () => {
  const project = join(folder, 'jest-project');
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), '{"name":"receiver","version":"1.0.0"}');
  writeFileSync(
    join(project, 'receiver.test.js'),
    `const { PosthornClient } = require('@posthorn/sdk');
     test('it verifies', () => {${VERIFY}
       expect(verified).toBe(true);
     });`,
  );
  const args = [join(root, 'node_modules/jest/bin/jest.js'), '--rootDir', project, '--transform', '{}'];
  const { code, stderr } = await runProgram(process.execPath, args, { cwd: project });
  expect(stderr).toContain('1 passed');
  expect(code).toBe(0);
});

test.each([
  ['program.mts', 'nodenext', 'nodenext'],
  ['program.cts', 'nodenext', 'nodenext'],
  ['program.mts', 'node16', 'node16'],
  ['program.cts', 'node16', 'node16'],
  ['program.ts', 'esnext', 'bundler'],
])(
  'TypeScript finds the types from %s as module %s by %s, and reports wrong arguments',
  async (file, module, resolution) => {
    const program = `
    import { PosthornClient, type Event } from '@posthorn/sdk';
    const client = new PosthornClient({ url: '', apiKey: '', profile: 'smartlyq' });
    export const event: Promise<Event> = client.events.get('evt_1');
    export const isValid: boolean = client.webhooks.verify({ payload: '', signature: null, secret: ['a', 'b'] });
    // @ts-expect-error: there is no such profile
    client.webhooks.verify({ payload: '', signature: '', secret: '', profile: 'smartly' });
    // @ts-expect-error: an event has a type
    void client.events.send({ data: {} });`;
    writeFileSync(join(folder, file), program);
    const options = ['--noEmit', '--strict', '--target', 'es2022', '--types', ''];
    options.push('--module', module, '--moduleResolution', resolution);
    const { stdout } = await node(join(binaries, '../typescript/bin/tsc'), ...options, file);
    expect(stdout).toBe('');
  },
);

test('the packed package calls a real Posthorn', async () => {
  const posthorn = await startTestPosthorn();
  const receiver = await startReceiver();
  writeFileSync(
    join(folder, 'caller.mjs'),
    `import { PosthornClient } from '@posthorn/sdk';
     const client = new PosthornClient({ url: '${posthorn.url}', apiKey: '${posthorn.project.key}' });
     await client.endpoints.create({ url: '${receiver.url}' });
     const { status } = await client.events.send({ type: 'a.b', data: {} }, { wait: '20s' });
     console.log(status);`,
  );
  expect(await node('caller.mjs')).toMatchObject({ stdout: 'delivered\n', stderr: '' });
  await receiver.close();
  await posthorn.close();
});

test('each module format is one file that imports nothing', () => {
  const files = globSync('**/*.js', { cwd: join(installed, 'dist') }).sort();
  expect(files).toEqual(['commonjs/index.js', 'index.js']);
  for (const file of files) {
    const text = readFileSync(join(installed, 'dist', file), 'utf8');
    expect(text.match(/^import\b.*|\bimport\(.*|\brequire\(.*|.* from ["'].*/gm)).toBeNull();
  }
});

test('the packed package has no dependencies, and less than 96 kB', () => {
  const manifest: unknown = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
  expect(manifest).not.toHaveProperty('dependencies');
  expect(manifest).not.toHaveProperty('peerDependencies');
  const [tarball] = globSync('*.tgz', { cwd: folder });
  expect(statSync(join(folder, tarball!)).size).toBeLessThan(96 * 1024);
});

test('the packed package has the license of the package that is bundled into it', () => {
  const license = readFileSync(join(root, 'node_modules/@noble/hashes/LICENSE'), 'utf8');
  expect(license).toContain('MIT');
  expect(readFileSync(join(installed, 'dist/LICENSE-noble-hashes'), 'utf8')).toBe(license);
});

test('the packed package has the license, a changelog and no tests', () => {
  expect(readFileSync(join(installed, 'CHANGELOG.md'), 'utf8')).toContain('# Changelog');
  expect(readFileSync(join(installed, 'LICENSE'), 'utf8')).toBe(readFileSync(join(root, 'LICENSE'), 'utf8'));
  expect(globSync('test/**', { cwd: installed })).toEqual([]);
});

test.each(['typescript', 'python'])(
  'the README of the %s package has no relative link, because registries show it alone',
  (sdk) => {
    const text = readFileSync(join(SDK_FOLDER, sdk, 'README.md'), 'utf8');
    const relative = [...text.matchAll(/\]\((?!https?:\/\/|#)([^)]*)\)/g)].map(([, target]) => target);
    expect(relative).toEqual([]);
  },
);

test('the Python package has the license', () => {
  expect(readFileSync(join(SDK_FOLDER, 'python/LICENSE'), 'utf8')).toBe(
    readFileSync(join(root, 'LICENSE'), 'utf8'),
  );
});

testWithPython('the Python package has the same version as the TypeScript package', async () => {
  const { stdout } = await runPython(['-c', 'import posthorn; print(posthorn.__version__)']);
  const { version } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as {
    version: string;
  };
  expect(stdout.trim()).toBe(version);
});
