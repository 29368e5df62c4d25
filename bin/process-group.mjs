import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

const TERM_GRACE_MS = 1_000;
const GONE_WITHIN_MS = 2_000;

/**
 * A shell that asks a process, or with a negative number a process group, to stop when we are gone without a word: its
 * pipe closes then. To be killed when what it watches has ended.
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

/** Ends a child and all that it has started, first by SIGTERM; resolves when nobody of the group is left. */
export async function endGroup(child) {
  const startedAt = performance.now();
  const elapsed = () => performance.now() - startedAt;
  signalGroup(child, 'SIGTERM');
  while (signalGroup(child, 0) && elapsed() < GONE_WITHIN_MS) {
    if (elapsed() > TERM_GRACE_MS) signalGroup(child, 'SIGKILL');
    await sleep(20);
  }
}

/** False when nobody is left in it. */
function signalGroup(child, signal) {
  if (process.platform === 'win32') return child.kill(signal);
  try {
    return process.kill(-child.pid, signal);
  } catch {
    return false;
  }
}
