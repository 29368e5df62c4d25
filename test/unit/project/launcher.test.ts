import { type ChildProcess, spawn } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { processIdentity } from '../../../src/embedded/processes/process-identity.ts';
import { eventually } from '../../set-up/eventually.ts';

const bin = join(__dirname, '../../../bin');
let folder: string;
let started: ChildProcess[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'posthorn-launcher-'));
  started = [];
});

afterEach(() => {
  for (const child of started) child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

type Run = { child: ChildProcess; output(): string; ended: Promise<number | null> };

function node(args: string[], env: NodeJS.ProcessEnv = {}): Run {
  const child = spawn(process.execPath, args, {
    cwd: folder,
    env: { ...process.env, ...env },
    detached: true,
  });
  started.push(child);
  let output = '';
  child.stdout!.on('data', (data) => (output += data));
  child.stderr!.on('data', (data) => (output += data));
  return { child, output: () => output, ended: new Promise((resolve) => child.once('close', resolve)) };
}

/** A launcher of a program that counts its signals, and ends with code 7 some time after the first. */
async function launch(): Promise<Run & { pid: number }> {
  writeFileSync(
    join(folder, 'program.mjs'),
    `let seen = 0;
     process.on('SIGINT', () => { seen++; setTimeout(() => { console.log('interrupted', seen); process.exit(7); }, 300); });
     process.on('SIGTERM', () => { console.log('terminated'); process.exit(0); });
     setInterval(() => {}, 1000);
     console.log('pid', process.pid);`,
  );
  const script = `import { runChild } from '${bin}/run-child.mjs';
    process.exit(await runChild(process.execPath, ['program.mjs']));`;
  const run = node(['--input-type=module', '--eval', script]);
  await eventually(() => /pid \d+\n/.test(run.output()));
  return { ...run, pid: Number(/pid (\d+)/.exec(run.output())![1]) };
}

test('a Ctrl-C from both the terminal and npm reaches the program once, and the launcher exits with its code', async () => {
  const run = await launch();

  process.kill(-run.child.pid!, 'SIGINT'); // the whole foreground group, as a terminal does
  process.kill(run.child.pid!, 'SIGINT');

  expect(await run.ended).toBe(7);
  expect(run.output()).toContain('interrupted 1');
});

test('a SIGTERM to the launcher is passed on', async () => {
  const run = await launch();

  run.child.kill('SIGTERM');

  expect(await run.ended).toBe(0);
  expect(run.output()).toContain('terminated');
});

test('when the launcher is killed, the program is stopped', async () => {
  const run = await launch();

  run.child.kill('SIGKILL');

  await eventually(() => processIdentity(run.pid) === undefined);
  await eventually(() => run.output().includes('terminated')); // it may be read after the program has exited
});

test('when npm is stopped and only its shell exits, the program is stopped', async () => {
  const script = `import { runChild } from '${bin}/run-child.mjs';
    await runChild(process.execPath, ['-e', "process.on('SIGTERM', () => process.exit()); setInterval(() => {}, 1000); console.log('pid', process.pid)"]);`;
  const shell = spawn(
    '/bin/sh',
    ['-c', '"$0" --input-type=module --eval "$1"; true', process.execPath, script],
    {
      env: { ...process.env, npm_lifecycle_event: 'start' },
    },
  );
  started.push(shell);
  const said = await new Promise<string>((resolve) =>
    shell.stdout.once('data', (data) => resolve(String(data))),
  );

  shell.kill('SIGTERM');

  await eventually(() => processIdentity(Number(said.split(' ')[1])) === undefined);
});

test('if a signal ends the program, the exit code is 128 plus the signal', async () => {
  const run = await launch();

  process.kill(run.pid, 'SIGKILL');

  expect(await run.ended).toBe(137);
});

test('dependencies are installed only if they differ from the lock file', async () => {
  cpSync(bin, join(folder, 'bin'), { recursive: true });
  const packages = (version: string) => ({
    '': { name: 'app', version: '1.0.0', dependencies: { part: 'file:part' } },
    'node_modules/part': { resolved: 'part', link: true },
    part: { version },
  });
  mkdirSync(join(folder, 'part'));
  const write = (version: string) => {
    writeFileSync(join(folder, 'part/package.json'), JSON.stringify({ name: 'part', version }));
    writeFileSync(join(folder, 'package.json'), JSON.stringify(packages(version)['']));
    const lock = {
      name: 'app',
      version: '1.0.0',
      lockfileVersion: 3,
      requires: true,
      packages: packages(version),
    };
    writeFileSync(join(folder, 'package-lock.json'), JSON.stringify(lock));
  };
  const install = async () => {
    const run = node([
      '--input-type=module',
      '--eval',
      `(await import('${folder}/bin/set-up.mjs')).installDependencies()`,
    ]);
    return { code: await run.ended, installed: run.output().includes('Installing dependencies') };
  };

  write('1.0.0');
  expect(await install()).toEqual({ code: 0, installed: true });
  expect(existsSync(join(folder, 'node_modules/part/package.json'))).toBe(true);
  expect(await install()).toEqual({ code: 0, installed: false });

  write('1.1.0');
  expect(await install()).toEqual({ code: 0, installed: true });
  expect(await install()).toEqual({ code: 0, installed: false });
});

test('npm test ends with the count of its tests, and fails when one of them does', async () => {
  cpSync(bin, join(folder, 'bin'), { recursive: true });
  const jest = join(folder, 'node_modules/jest/bin/jest.js');
  mkdirSync(join(folder, 'node_modules/jest/bin'), { recursive: true });
  for (const file of ['package-lock.json', 'node_modules/.package-lock.json']) {
    writeFileSync(join(folder, file), JSON.stringify({ packages: {} }));
  }
  const npmTest = async (passed: number, failed: number, code: number) => {
    const count = `require('node:fs').writeFileSync(process.env.POSTHORN_TEST_COUNT_FILE, '${JSON.stringify({ passed, failed, failures: [] })}');`;
    writeFileSync(
      jest,
      `${code < 2 ? count : ''} console.log(process.argv.slice(2).join()); process.exit(${code});`,
    );
    const run = node([join(folder, 'bin/run-tests.mjs'), '--bail', 'some.test.ts']);
    return { code: await run.ended, lines: run.output().trimEnd().split('\n') };
  };

  expect(await npmTest(3, 0, 0)).toEqual({ code: 0, lines: ['--bail,some.test.ts', '3 passed, 0 failed'] });
  expect(await npmTest(2, 1, 1)).toEqual({ code: 1, lines: ['--bail,some.test.ts', '2 passed, 1 failed'] });
  // It broke before the first test.
  expect(await npmTest(0, 0, 2)).toEqual({ code: 2, lines: ['--bail,some.test.ts', '0 passed, 1 failed'] });
});

test('npm test without arguments runs the tests that measure time last, one suite at a time, and adds up both counts', async () => {
  cpSync(bin, join(folder, 'bin'), { recursive: true });
  const jest = join(folder, 'node_modules/jest/bin/jest.js');
  mkdirSync(join(folder, 'node_modules/jest/bin'), { recursive: true });
  for (const file of ['package-lock.json', 'node_modules/.package-lock.json']) {
    writeFileSync(join(folder, file), JSON.stringify({ packages: {} }));
  }
  const stages = async (first: string, second: string) => {
    const stage = (code: string) => `{ ${code} }`;
    writeFileSync(
      jest,
      `const { basename } = require('node:path');
       const args = process.argv.slice(2);
       const failures = (failed) => Array(failed).fill('test/a.test.ts: it works');
       const count = (passed, failed) => require('node:fs').writeFileSync(process.env.POSTHORN_TEST_COUNT_FILE, JSON.stringify({ passed, failed, failures: failures(failed) }));
       console.log(args.map((arg) => basename(arg)).join());
       if (args.includes('--maxWorkers=2')) ${stage(first)} else ${stage(second)}`,
    );
    const run = node([join(folder, 'bin/run-tests.mjs')]);
    return { code: await run.ended, lines: run.output().trimEnd().split('\n') };
  };
  const untimed = 'untimed.cjs,--maxWorkers=2,--workerIdleMemoryLimit=800MB';
  const both = [untimed, 'timed.cjs,--maxWorkers=1,--workerIdleMemoryLimit=400MB'];

  expect(await stages('count(3, 0)', 'count(2, 0)')).toEqual({
    code: 0,
    lines: [...both, '5 passed, 0 failed'],
  });
  expect(await stages('count(2, 1); process.exit(1)', 'count(2, 0)')).toEqual({
    ...{ code: 1, lines: [...both, 'Failed: test/a.test.ts: it works', '4 passed, 1 failed'] },
  });
  expect(await stages('count(3, 0)', 'process.exit(2)')).toEqual({
    ...{ code: 2, lines: [...both, '3 passed, 1 failed'] },
  });
  // The user has interrupted it.
  expect(await stages('process.exit(130)', 'count(2, 0)')).toEqual({
    ...{ code: 130, lines: [untimed, '0 passed, 1 failed'] },
  });
});

test('the launcher imports only Node modules and its own files', () => {
  for (const file of ['posthorn.mjs', 'dev.mjs', 'run-tests.mjs', 'run-child.mjs', 'set-up.mjs']) {
    const imports = [...readFileSync(join(bin, file), 'utf8').matchAll(/from '([^']+)'/g)].map(
      ([, name]) => name!,
    );
    for (const name of imports) expect(name).toMatch(/^node:|^\.\/[\w-]+\.mjs$/);
  }
});

test('an interrupted installation ends at once, with all processes of npm', async () => {
  cpSync(bin, join(folder, 'bin'), { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'app', version: '1.0.0' }));
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify({ packages: { 'node_modules/a': {} } }));
  const pids = join(folder, 'pids');
  writeFileSync(
    join(folder, 'npm'),
    `#!/bin/sh
     sleep 1000 & script=$!
     sh -c 'trap "" TERM; while :; do sleep 1; done' & stubborn=$!
     echo $$ $script $stubborn > '${pids}.new'; mv '${pids}.new' '${pids}'
     wait`,
  );
  chmodSync(join(folder, 'npm'), 0o755);
  const install = `(await import('${folder}/bin/set-up.mjs')).installDependencies()`;
  const env = { PATH: `${folder}:${process.env.PATH}`, npm_execpath: '' };
  for (const toGroup of [true, false]) {
    const run = node(['--input-type=module', '--eval', install], env);
    await eventually(() => existsSync(pids));
    const tree = readFileSync(pids, 'utf8').trim().split(' ').map(Number);

    process.kill(toGroup ? -run.child.pid! : run.child.pid!, 'SIGINT');

    expect(await run.ended).toBe(130);
    await eventually(() => tree.every((pid) => processIdentity(pid) === undefined));
    expect(run.output()).toContain('Stopped while the dependencies were being installed');
    rmSync(pids);
  }
});
