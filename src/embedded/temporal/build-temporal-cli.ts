import { mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { withProgressLog } from '../processes/progress-log.ts';
import { ProgramFailed, runInProcessGroup } from '../processes/run-in-group.ts';
import type { ObtainOptions } from './download-temporal-cli.ts';

/**
 * Builds the CLI with `go install`. Returns the path of the executable in the cache folder, or undefined if Go is
 * missing or the build fails, which is logged. If `signal` aborts, ends the compilers and throws its reason.
 */
export async function buildTemporalCli(options: ObtainOptions): Promise<string | undefined> {
  const { version, cacheFolder, executable, isUsable, env, log, signal } = options;
  if (!(await hasGo(options))) {
    log('The Temporal CLI could not be built: Go is not on PATH');
    return undefined;
  }
  const folder = await mkdtemp(join(cacheFolder, 'build-'));
  try {
    await withProgressLog(
      log,
      `Building the Temporal CLI ${version} with Go (once, about three minutes)`,
      () =>
        // In an empty folder and without a workspace, so that no go.mod or go.work of a parent folder applies.
        runInProcessGroup('go', ['install', `github.com/temporalio/cli/cmd/temporal@v${version}`], {
          cwd: folder,
          env: { ...env, GOBIN: folder, GOWORK: 'off', GOFLAGS: '' },
          signal,
        }),
    );
    const built = join(folder, executable);
    if (!(await isUsable(built))) throw new Error('the executable does not run');
    await rename(built, join(cacheFolder, executable));
    return join(cacheFolder, executable);
  } catch (error) {
    signal?.throwIfAborted();
    const output = error instanceof ProgramFailed ? error.output.split('\n').slice(-5).join('\n') : '';
    log(`The Temporal CLI could not be built: ${output || (error as Error).message}`);
    return undefined;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function hasGo({ env, signal }: ObtainOptions): Promise<boolean> {
  try {
    await runInProcessGroup('go', ['version'], { env, signal });
    return true;
  } catch {
    signal?.throwIfAborted();
    return false;
  }
}
