import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { type RunAsUser, stopWhenParentDies } from './service-process.ts';

export type ProcessGroupOptions = {
  cwd?: string;
  env: NodeJS.ProcessEnv;
  account?: RunAsUser | undefined;
  /** Ends the program and whatever it has started; the promise rejects once all of it is gone. */
  signal?: AbortSignal | undefined;
};

/** A program ended with another code than 0, or could not be started; `output` is the last of what it wrote. */
export class ProgramFailed extends Error {
  readonly output: string;
  constructor(message: string, output: string) {
    super(message);
    this.name = 'ProgramFailed';
    this.output = output;
  }
}

const OUTPUT_KEPT = 64 * 1024;
const TERM_GRACE_MS = 2_000;
const GONE_WITHIN_MS = 5_000;

/**
 * Runs a program to its end and returns its standard output. It has a process group of its own: `go install` runs
 * compilers, and initdb runs Postgres, which go on when only their parent is ended. Throws ProgramFailed, or the
 * reason of the signal.
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
    output = (output + data).slice(-OUTPUT_KEPT);
  });
  child.stderr.on('data', (data) => (output = (output + data).slice(-OUTPUT_KEPT)));
  const ended = new Promise<string | undefined>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, by) =>
      resolve(code === 0 ? undefined : `it ended with ${by ?? `code ${code}`}`),
    );
  });
  const release = child.pid === undefined ? () => {} : stopWhenParentDies(-child.pid, 'SIGTERM');
  const onAbort = () => void endGroup(child);
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    const failure = await ended;
    if (signal?.aborted) {
      await untilGone(child);
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

async function untilGone(child: ChildProcess): Promise<void> {
  const until = performance.now() + GONE_WITHIN_MS;
  while (signalGroup(child, 0) && performance.now() < until) await sleep(20);
}

/** False when nobody is left in the group. */
function signalGroup(child: ChildProcess, signal: NodeJS.Signals | 0): boolean {
  if (child.pid === undefined) return false;
  if (process.platform === 'win32') return child.kill(signal === 0 ? 0 : 'SIGKILL');
  try {
    return process.kill(-child.pid, signal);
  } catch {
    return false;
  }
}
