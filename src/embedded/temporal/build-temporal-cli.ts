import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { buildWithGo } from '../processes/build-with-go.ts';
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
  const path = join(cacheFolder, executable);
  try {
    await buildWithGo(
      join(cacheFolder, 'build-'),
      async (folder, go) => {
        await withProgressLog(
          log,
          `Building the Temporal CLI ${version} with Go (once, about three minutes)`,
          () => go('install', `github.com/temporalio/cli/cmd/temporal@v${version}`),
        );
        const built = join(folder, executable);
        if (!(await isUsable(built))) throw new Error('the executable does not run');
        await rename(built, path);
      },
      { env, signal },
    );
    return path;
  } catch (error) {
    signal?.throwIfAborted();
    const output = error instanceof ProgramFailed ? error.output.split('\n').slice(-5).join('\n') : '';
    log(`The Temporal CLI could not be built: ${output || (error as Error).message}`);
    return undefined;
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
