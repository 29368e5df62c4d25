import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { wrapDataDirErrors } from '../data-dir/data-dir.ts';
import { processIdentity, processStartTime } from './process-identity.ts';

/** A server that runs beside us, in the background, and ends no later than we do. */
export type ServiceProcess = {
  pid: number;
  /** Undefined while it runs; then why it ended, with the last lines of its log. */
  failure(): string | undefined;
  stop(): Promise<void>;
};

/** Signals in the order of their force, and how long to wait after each. */
export type StopSequence = { signal: NodeJS.Signals; waitMs: number }[];

export type ServiceProcessOptions = {
  command: string;
  args: string[];
  /** Standard output and error go here; the log of the run before is kept as `<logFile>.previous`. */
  logFile: string;
  stopSequence: StopSequence;
  account?: RunAsUser | undefined;
};

/** The user that a server runs as, when not as ours. */
export type RunAsUser = { uid: number; gid: number };

/** PGPORT, TEMPORAL_ADDRESS and their like steer these servers; and our keys are none of their business. */
export const minimalEnvironment = (): NodeJS.ProcessEnv => {
  const { PATH, HOME, TMPDIR } = process.env;
  return { ...(PATH && { PATH }), ...(HOME && { HOME }), ...(TMPDIR && { TMPDIR }), LC_ALL: 'C' };
};

/**
 * Starts a server in a session of its own: Ctrl-C in our terminal must not stop it before we have drained. When we
 * die without a word (kill -9), a watching shell sees its pipe close and asks the server to stop.
 */
export async function startServiceProcess(options: ServiceProcessOptions): Promise<ServiceProcess> {
  const { command, args, logFile, stopSequence } = options;
  const log = wrapDataDirErrors(dirname(logFile), () => {
    if (existsSync(logFile)) renameSync(logFile, `${logFile}.previous`);
    return openSync(logFile, 'a', 0o600);
  });
  const umask = process.umask(0o077); // the dev server would make its database readable by everyone
  const child = spawn(command, args, {
    ...options.account,
    cwd: '/',
    detached: true,
    stdio: ['ignore', log, log],
    env: minimalEnvironment(),
  });
  process.umask(umask);
  closeSync(log);
  let ended: string | undefined;
  child.once('error', (error) => (ended = error.message));
  child.once('exit', (code, signal) => (ended = `it ended with ${signal ?? `code ${code}`}`));
  if (child.pid === undefined) {
    await new Promise((resolve) => child.once('error', resolve));
    throw new Error(`${command} could not be started: ${ended}`);
  }

  const { pid } = child;
  const release = stopWhenParentDies(pid, stopSequence[0]?.signal ?? 'SIGTERM');
  child.once('exit', release);
  child.unref();
  return {
    pid,
    failure: () => ended && `${ended}\n${lastLines(logFile)}`,
    stop: async () => {
      await stopProcess(pid, stopSequence);
      release();
    },
  };
}

/** Asks a process to end, ever more firmly, and returns when it is gone; at once when it does not run. */
export async function stopProcess(pid: number, stopSignals: StopSequence): Promise<void> {
  const startedAt = processStartTime(pid);
  for (const { signal, waitMs } of stopSignals) {
    const until = performance.now() + waitMs;
    if (startedAt === undefined || processStartTime(pid) !== startedAt) return;
    process.kill(pid, signal);
    while (performance.now() < until) {
      if (processStartTime(pid) !== startedAt) return;
      await sleep(20);
    }
  }
  if (processStartTime(pid) === startedAt)
    throw new Error(`process ${pid} does not end (${processIdentity(pid)})`);
}

/**
 * Has a process, or with a negative number a process group, asked to stop when we die without a word: a watching shell
 * sees its pipe close. The returned function ends the watch.
 */
export function stopWhenParentDies(pid: number, signal: NodeJS.Signals): () => void {
  if (process.platform === 'win32') return () => {};
  const watcher: ChildProcess = spawn(
    '/bin/sh',
    [
      '-c',
      'read -r nothing; kill -s "$1" -- "$2"',
      'posthorn-watcher',
      signal.replace('SIG', ''),
      String(pid),
    ],
    { detached: true, stdio: ['pipe', 'ignore', 'ignore'] },
  );
  watcher.on('error', () => {});
  watcher.stdin?.on('error', () => {});
  watcher.unref();
  (watcher.stdin as unknown as { unref?: () => void }).unref?.();
  return () => void watcher.kill('SIGKILL');
}

function lastLines(file: string): string {
  return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-12).join('\n');
}
