import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { processStartTime } from '../../../src/embedded/processes/process-identity.ts';
import { eventually } from '../../set-up/eventually.ts';

export type PosthornProcess = {
  pid: number;
  /** Everything it has written so far. */
  output(): string;
  /** Waits until it has written what matches; throws with its output when it does not, or ends first. */
  untilPrinted(pattern: RegExp, timeoutMs?: number): Promise<RegExpExecArray>;
  /** Resolves with the exit code, null when a signal ended it. */
  ended: Promise<number | null>;
  /** Sends a signal, and waits for the end. */
  end(signal: NodeJS.Signals): Promise<number | null>;
};

const root = join(__dirname, '../../..');
const cli = join(root, 'src/cli/program.ts');
const running = new Set<ChildProcess>();

/** Runs `posthorn <command>` from the sources in a process of its own, with the given variables over ours. */
export const startPosthorn = (command: string, env: NodeJS.ProcessEnv, ...args: string[]): PosthornProcess =>
  runNode([cli, command, ...args], env);

/** Runs a launcher `posthorn.mjs` from elsewhere, such as that of an installed package. */
export const startLauncher = (
  launcher: string,
  command: string,
  env: NodeJS.ProcessEnv,
  ...args: string[]
): PosthornProcess => runNode([launcher, command, ...args], env);

/** The same with so many open files allowed (RLIMIT_NOFILE), as under `ulimit -n`. */
export const startPosthornWithOpenFiles = (
  openFiles: number,
  command: string,
  env: NodeJS.ProcessEnv,
): PosthornProcess =>
  run('/bin/sh', ['-c', `ulimit -n ${openFiles} && exec "$0" "$@"`, process.execPath, cli, command], env);

/** The same as a user starts it: through the launcher, which runs the sources in a child. */
export const launchPosthorn = (command: string, env: NodeJS.ProcessEnv, ...args: string[]): PosthornProcess =>
  runNode([join(root, 'bin/posthorn.mjs'), command, ...args], env);

/** `full`: as on a disk without room; `gone`: the reader of the pipe has ended; `unread`: it reads nothing. */
export type BadOutput = 'full' | 'gone' | 'unread';

/** The same with a standard output that takes little or nothing; the caller finds out by itself when it works. */
export function startPosthornWithOutput(
  output: BadOutput,
  command: string,
  env: NodeJS.ProcessEnv,
): ChildProcess {
  const stdout = output === 'full' ? openSync('/dev/full', 'w') : 'pipe';
  const child = spawn(process.execPath, [join(root, 'src/cli/program.ts'), command], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', stdout, 'inherit'],
    detached: true,
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  if (typeof stdout === 'number') closeSync(stdout);
  if (output === 'gone') child.stdout!.destroy();
  return child;
}

/** Runs a program of the tests in a process of its own. */
export const startProgram = (file: string, env: NodeJS.ProcessEnv): PosthornProcess =>
  runNode([join(root, file)], env);

/** Runs any program as one of these processes. */
export const startCommand = (program: string, args: string[]): PosthornProcess => run(program, args, {});

const runNode = (args: string[], env: NodeJS.ProcessEnv): PosthornProcess => run(process.execPath, args, env);

function run(program: string, args: string[], env: NodeJS.ProcessEnv): PosthornProcess {
  const child = spawn(program, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true, // a Ctrl-C for jest is not one for it: the test ends it
  });
  running.add(child);
  let output = '';
  child.stdout.on('data', (data) => (output += data));
  child.stderr.on('data', (data) => (output += data));
  const ended = new Promise<number | null>((resolve) =>
    child.once('close', (code) => {
      running.delete(child);
      resolve(code);
    }),
  );
  return {
    pid: child.pid!,
    output: () => output,
    ended,
    async untilPrinted(pattern, timeoutMs = 120_000) {
      await eventually(() => pattern.test(output) || !running.has(child), timeoutMs).catch(() => {});
      const match = pattern.exec(output);
      if (!match) throw new Error(`it has not printed ${pattern}, but:\n${output}`);
      return match;
    },
    end(signal) {
      child.kill(signal);
      return ended;
    },
  };
}

/** Ends what a failed test has left; for afterEach. */
export async function endAllProcesses(): Promise<void> {
  for (const child of running) child.kill('SIGKILL');
  await eventually(() => running.size === 0); // what a launcher ran is asked to stop, and drains
}

export const hasExited = (pid: number): boolean => processStartTime(pid) === undefined;
