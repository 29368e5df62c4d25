import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { watchOver } from './process-group.mjs';

/** The terminal and npm both pass on a Ctrl-C. Within this time it counts once. */
const SAME_SIGNAL_MS = 1_000;
const PARENT_POLL_MS = 250;

/**
 * Runs a command to its end and returns its exit code, or 128 plus the signal that ended it. The command gets its own
 * process group, so that each signal reaches it once, from here. A later second Ctrl-C is passed on too. If this process
 * is killed, a watching shell stops the command.
 */
export async function runChild(command, args, env = process.env) {
  const ownGroup = process.platform !== 'win32';
  // Before the command starts: a signal that ended only this process would leave the command running.
  const lastSeen = {};
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      const repeated = performance.now() - (lastSeen[signal] ?? -Infinity) < SAME_SIGNAL_MS;
      lastSeen[signal] = performance.now();
      if (!repeated) child.kill(signal);
    });
  }
  const child = spawn(command, args, { stdio: 'inherit', env, detached: ownGroup });
  const watcher = ownGroup && child.pid ? watchOver(child.pid) : undefined;

  const orphaned = whenOrphaned(() => child.kill('SIGTERM'));
  const code = await new Promise((resolve) => {
    child.once('error', (error) => {
      console.error(`${command} could not be started: ${error.message}`);
      resolve(1);
    });
    child.once('exit', (exitCode, signal) => resolve(exitCode ?? 128 + constants.signals[signal]));
  });
  clearInterval(orphaned);
  watcher?.kill('SIGKILL');
  return code;
}

/** npm sends SIGTERM to the shell that runs this process, and the shell exits without passing it on. */
function whenOrphaned(act) {
  const parent = process.ppid;
  if (!process.env.npm_lifecycle_event) return undefined;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    act();
  }, PARENT_POLL_MS);
  return timer;
}
