import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Obtain } from './download-temporal-cli.ts';
import { whileTelling } from './long-step.ts';

const run = promisify(execFile);

/**
 * Builds the CLI with `go install`. Returns the path of the executable in the cache folder, or undefined when Go is
 * missing or the build fails; the log says which.
 */
export async function buildTemporalCli(options: Obtain): Promise<string | undefined> {
  const { version, cacheFolder, executable, accepts, env, log } = options;
  if (!(await hasGo(env))) {
    log('The Temporal CLI could not be built: there is no Go on PATH');
    return undefined;
  }
  await mkdir(cacheFolder, { recursive: true });
  const folder = await mkdtemp(join(cacheFolder, 'build-'));
  try {
    await whileTelling(log, `Building the Temporal CLI ${version} with Go (once, about three minutes)`, () =>
      // In an empty folder, and without a workspace: a go.mod or go.work above must not steer the build.
      run('go', ['install', `github.com/temporalio/cli/cmd/temporal@v${version}`], {
        cwd: folder,
        env: { ...env, GOBIN: folder, GOWORK: 'off', GOFLAGS: '' },
        maxBuffer: 64 * 1024 * 1024,
      }),
    );
    const built = join(folder, executable);
    if (!(await accepts(built))) throw new Error('what was built does not run');
    await rename(built, join(cacheFolder, executable));
    return join(cacheFolder, executable);
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string };
    log(
      `The Temporal CLI could not be built: ${stderr?.trimEnd().split('\n').slice(-5).join('\n') || message}`,
    );
    return undefined;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function hasGo(env: NodeJS.ProcessEnv): Promise<boolean> {
  try {
    await run('go', ['version'], { env });
    return true;
  } catch {
    return false;
  }
}
