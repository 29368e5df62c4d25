import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { wrapDataDirErrors } from '../data-dir/data-dir.ts';
import { processIdentity, processStartTime } from './process-identity.ts';

/** A server in the background that ends no later than this process. */
export type ServiceProcess = {
  pid: number;
  /** Undefined while it runs; then the reason why it exited, with the last lines of its log. */
  failure(): string | undefined;
  stop(): Promise<void>;
};

/** Stop signals, the gentlest first, each with the time to wait for the exit. */
export type StopSequence = { signal: NodeJS.Signals; waitMs: number }[];

export type ServiceProcessOptions = {
  command: string;
  args: string[];
  /** Receives standard output and error. The log of the previous run is kept as `<logFile>.previous`. */
  logFile: string;
  stopSequence: StopSequence;
  account?: RunAsUser | undefined;
};

/** The user that a server runs as, if it is not the user of this process. */
export type RunAsUser = { uid: number; gid: number };

/** Variables such as PGPORT and TEMPORAL_ADDRESS would configure these servers, and they must not get Posthorn's keys. */
export const minimalEnvironment = (): NodeJS.ProcessEnv => {
  const { PATH, HOME, TMPDIR } = process.env;
  return { ...(PATH && { PATH }), ...(HOME && { HOME }), ...(TMPDIR && { TMPDIR }), LC_ALL: 'C' };
};

/**
 * Starts a server in its own session: otherwise Ctrl-C in the terminal would stop it before Posthorn has shut down. If
 * this process is killed, a watching shell notices and stops the server. Throws if the server cannot be started.
 */
export async function startServiceProcess(options: ServiceProcessOptions): Promise<ServiceProcess> {
  const { command, args, logFile, stopSequence } = options;
  const log = wrapDataDirErrors(dirname(logFile), () => {
    if (existsSync(logFile)) renameSync(logFile, `${logFile}.previous`);
    return openSync(logFile, 'a', 0o600);
  });
  const umask = process.umask(0o077); // otherwise everyone could read the database of the dev server
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
  child.once('exit', (code, signal) => (ended = `it exited with ${signal ?? `code ${code}`}`));
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

/** Sends the stop signals in turn until the process has exited. Throws if it survives them all. */
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
    throw new Error(`process ${pid} does not exit (${processIdentity(pid)})`);
}

/**
 * Stops a process, or the process group of a negative id, when this process is killed: a shell watches a pipe, which
 * then closes. Returns a function that ends the watch.
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
