import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

const TERM_GRACE_MS = 1_000;
const EXIT_TIMEOUT_MS = 2_000;

/**
 * Starts a shell that stops a process, or the process group of a negative id, when this process is killed: the shell's
 * pipe closes then. Kill the shell when the watched process has exited.
 */
export function watchOver(pid) {
  const script = 'read -r nothing; kill -s TERM -- "$1"';
  const watcher = spawn('/bin/sh', ['-c', script, 'posthorn-watcher', String(pid)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  watcher.on('error', () => {});
  watcher.unref();
  return watcher;
}

/** Ends a child and its process group, first with SIGTERM. Resolves when all of it has exited, or after 2 s. */
export async function endGroup(child) {
  const startedAt = performance.now();
  const elapsed = () => performance.now() - startedAt;
  signalGroup(child, 'SIGTERM');
  while (signalGroup(child, 0) && elapsed() < EXIT_TIMEOUT_MS) {
    if (elapsed() > TERM_GRACE_MS) signalGroup(child, 'SIGKILL');
    await sleep(20);
  }
}

/** False if the group has no process. */
function signalGroup(child, signal) {
  if (process.platform === 'win32') return child.kill(signal);
  try {
    return process.kill(-child.pid, signal);
  } catch {
    return false;
  }
}
