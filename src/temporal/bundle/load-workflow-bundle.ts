import { spawn } from 'node:child_process';
import { extname, join } from 'node:path';
import type { WorkflowBundle } from '@temporalio/worker';
import { buildBundle, bundleCachePath, cachedBundle } from './workflow-bundle.ts';

const SCRIPT = join(import.meta.dirname, `write-workflow-bundle${extname(import.meta.filename)}`);

let bundle: Promise<WorkflowBundle> | undefined;

/**
 * The workflow bundle for the workers of this process. Uses the bundle that was built with the image or by an earlier
 * run. Otherwise a child process builds it: that takes seconds of CPU, which would block this process. If the signal
 * aborts, the child process is killed and the promise rejects.
 */
export function loadWorkflowBundle(signal: AbortSignal): Promise<WorkflowBundle> {
  bundle ??= prepare(signal).catch((error) => {
    bundle = undefined; // the next connection tries again
    throw error;
  });
  return bundle;
}

async function prepare(signal: AbortSignal): Promise<WorkflowBundle> {
  const cached = cachedBundle();
  if (cached) return cached;
  if (bundleCachePath() === undefined) return buildBundle();
  await runScript(signal);
  signal.throwIfAborted();
  return cachedBundle() ?? (await buildBundle());
}

function runScript(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [SCRIPT], { stdio: ['ignore', 'ignore', 'inherit'], signal });
    child.once('error', () => resolve());
    child.once('exit', () => resolve());
  });
}
