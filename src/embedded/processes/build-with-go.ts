import { mkdtemp, rm } from 'node:fs/promises';
import { type ProcessGroupOptions, runInProcessGroup } from './run-in-group.ts';

/** Runs `go` with these arguments in the folder of a build, where `go install` stores executables. Returns its output. */
export type Go = (...args: string[]) => Promise<string>;

/**
 * Calls `build` with a new folder, whose path starts with `prefix`, and removes the folder afterwards. `build` renames what
 * is ready, so that an unfinished build is never used.
 */
export async function buildWithGo<T>(
  prefix: string,
  build: (folder: string, go: Go) => Promise<T>,
  { env, signal }: Pick<ProcessGroupOptions, 'env' | 'signal'>,
): Promise<T> {
  const folder = await mkdtemp(prefix);
  // In an empty folder and without a workspace, so that no go.mod or go.work of a parent folder applies.
  const options = { cwd: folder, env: { ...env, GOBIN: folder, GOWORK: 'off', GOFLAGS: '' }, signal };
  try {
    return await build(folder, (...args) => runInProcessGroup('go', args, options));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
