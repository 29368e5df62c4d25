import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { WorkflowBundle } from '@temporalio/worker';
import { buildBundle, cachedBundle } from './workflow-bundle.ts';

const SCRIPT = join(import.meta.dirname, 'write-workflow-bundle.ts');

let ready: Promise<WorkflowBundle> | undefined;

/**
 * The workflow code for the workers of this process: the bundle that was made with the image or by an earlier run. Else
 * a process of its own makes it, since it takes seconds of CPU in which nothing else would be answered; it ends with
 * the signal.
 */
export function loadWorkflowBundle(signal: AbortSignal): Promise<WorkflowBundle> {
  ready ??= prepare(signal).catch((error) => {
    ready = undefined; // the next connection tries again
    throw error;
  });
  return ready;
}

async function prepare(signal: AbortSignal): Promise<WorkflowBundle> {
  const kept = cachedBundle();
  if (kept) return kept;
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
