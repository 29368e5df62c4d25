import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { type RunAsUser, stopWhenParentDies } from './service-process.ts';

export type ProcessGroupOptions = {
  cwd?: string;
  env: NodeJS.ProcessEnv;
  account?: RunAsUser | undefined;
  /** Ends the program and all processes that it has started. The promise rejects when they have exited. */
  signal?: AbortSignal | undefined;
};

/** A program exited with a code other than 0, or could not be started. `output` is the end of its output. */
export class ProgramFailed extends Error {
  readonly output: string;
  constructor(message: string, output: string) {
    super(message);
    this.name = 'ProgramFailed';
    this.output = output;
  }
}

const MAX_OUTPUT_CHARS = 64 * 1024;
const TERM_GRACE_MS = 2_000;
const EXIT_TIMEOUT_MS = 5_000;

/**
 * Runs a program to its end and returns its standard output. It gets its own process group: `go install` starts
 * compilers and initdb starts Postgres, which would continue if only their parent were ended. Throws ProgramFailed, or
 * the reason of `signal` if it aborts.
 */
export async function runInProcessGroup(
  command: string,
  args: string[],
  options: ProcessGroupOptions,
): Promise<string> {
  const { cwd, env, account, signal } = options;
  signal?.throwIfAborted();
  const child = spawn(command, args, {
    ...account,
    ...(cwd !== undefined && { cwd }),
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, output] = ['', ''];
  child.stdout.on('data', (data) => {
    stdout += data;
    output = (output + data).slice(-MAX_OUTPUT_CHARS);
  });
  child.stderr.on('data', (data) => (output = (output + data).slice(-MAX_OUTPUT_CHARS)));
  const ended = new Promise<string | undefined>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, by) =>
      resolve(code === 0 ? undefined : `it exited with ${by ?? `code ${code}`}`),
    );
  });
  const release = child.pid === undefined ? () => {} : stopWhenParentDies(-child.pid, 'SIGTERM');
  const onAbort = () => void endGroup(child);
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    const failure = await ended;
    if (signal?.aborted) {
      await waitForGroupExit(child);
      signal.throwIfAborted();
    }
    if (failure) throw new ProgramFailed(`${command}: ${failure}`, output.trimEnd());
    return stdout;
  } finally {
    signal?.removeEventListener('abort', onAbort);
    release();
  }
}

async function endGroup(child: ChildProcess): Promise<void> {
  signalGroup(child, 'SIGTERM');
  await sleep(TERM_GRACE_MS, undefined, { ref: false });
  signalGroup(child, 'SIGKILL');
}

async function waitForGroupExit(child: ChildProcess): Promise<void> {
  const until = performance.now() + EXIT_TIMEOUT_MS;
  while (signalGroup(child, 0) && performance.now() < until) await sleep(20);
}

/** False if the group has no process. */
function signalGroup(child: ChildProcess, signal: NodeJS.Signals | 0): boolean {
  if (child.pid === undefined) return false;
  if (process.platform === 'win32') return child.kill(signal === 0 ? 0 : 'SIGKILL');
  try {
    return process.kill(-child.pid, signal);
  } catch {
    return false;
  }
}
