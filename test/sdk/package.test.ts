import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram, SDK } from './run-program.ts';

const sources = join(SDK, 'typescript');
const tsc = join(SDK, '../node_modules/typescript/bin/tsc');
let folder: string;
let installed: string;

/** The package as npm would install it. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'posthorn-sdk-'));
  installed = join(folder, 'node_modules/@posthorn/sdk');
  cpSync(join(sources, 'package.json'), join(installed, 'package.json'), { recursive: true });
  const { code, stdout } = await runProgram(process.execPath, [
    tsc,
    '-p',
    sources,
    '--outDir',
    join(installed, 'dist'),
  ]);
  if (code !== 0) throw new Error(stdout);
});
afterAll(() => rmSync(folder, { recursive: true }));

test('the built package verifies in plain JavaScript', async () => {
  const script = `
    import { PosthornClient } from '@posthorn/sdk';
    const client = new PosthornClient({ url: 'http://127.0.0.1:1', apiKey: 'none', profile: 'cmdcal' });
    const signature = '757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17';
    const secret = "It's a Secret to Everybody";
    console.log(client.webhooks.verify({ payload: 'Hello, World!', signature, secret }));`;
  writeFileSync(join(folder, 'receiver.mjs'), script);
  const { stdout, stderr } = await runProgram(process.execPath, ['--no-strip-types', 'receiver.mjs'], {
    cwd: folder,
  });
  expect({ stdout, stderr }).toEqual({ stdout: 'true\n', stderr: '' });
});

test('the types of the built package are found, and tell right from wrong', async () => {
  const program = `
    import { PosthornClient, type Event } from '@posthorn/sdk';
    const client = new PosthornClient({ url: '', apiKey: '', profile: 'smartlyq' });
    export const event: Promise<Event> = client.events.get('evt_1');
    export const isValid: boolean = client.webhooks.verify({ payload: '', signature: null, secret: ['a', 'b'] });
    // @ts-expect-error: there is no such profile
    client.webhooks.verify({ payload: '', signature: '', secret: '', profile: 'smartly' });
    // @ts-expect-error: an event has a type
    void client.events.send({ data: {} });`;
  writeFileSync(join(folder, 'program.ts'), program);
  const options = ['--noEmit', '--strict', '--target', 'es2022', '--module', 'nodenext', '--types', ''];
  const { stdout } = await runProgram(process.execPath, [tsc, ...options, 'program.ts'], { cwd: folder });
  expect(stdout).toBe('');
});

test('nothing of one runtime alone is imported', () => {
  const files = globSync('**/*.js', { cwd: join(installed, 'dist') });
  expect(files.length).toBeGreaterThan(20);
  for (const file of files) {
    const imports = [...readFileSync(join(installed, 'dist', file), 'utf8').matchAll(/from '([^']+)'/g)];
    for (const [, name] of imports) expect(name).toMatch(/^\.\.?\//);
  }
});
