import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { watchOver } from './process-group.mjs';

/** Ctrl-C reaches us from the terminal and once more from npm: within this time it is one and the same. */
const SAME_SIGNAL_MS = 1_000;
const PARENT_LOOK_MS = 250;

/**
 * Runs a command to its end and returns the exit code, 128 and more when a signal ended it. The command has a process
 * group of its own, so that each signal reaches it once, from here; a second Ctrl-C, later, is passed on as well. When
 * we are killed outright, a watching shell asks the command to stop.
 */
export async function runChild(command, args, env = process.env) {
  const ownGroup = process.platform !== 'win32';
  const child = spawn(command, args, { stdio: 'inherit', env, detached: ownGroup });
  const watcher = ownGroup && child.pid ? watchOver(child.pid) : undefined;

  const lastSeen = {};
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      const repeated = performance.now() - (lastSeen[signal] ?? -Infinity) < SAME_SIGNAL_MS;
      lastSeen[signal] = performance.now();
      if (!repeated) child.kill(signal);
    });
  }
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

/** npm passes SIGTERM to the shell it runs us in, which dies of it without a word to us. */
function whenOrphaned(act) {
  const parent = process.ppid;
  if (!process.env.npm_lifecycle_event) return undefined;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    act();
  }, PARENT_LOOK_MS);
  return timer;
}
