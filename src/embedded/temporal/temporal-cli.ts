import { access, constants } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { describeFileError, StartFailure } from '../../service/start-failure.ts';
import { makeFolder } from '../data-dir/make-folder.ts';
import { runInProcessGroup } from '../processes/run-in-group.ts';
import { buildTemporalCli } from './build-temporal-cli.ts';
import { type DownloadSource, downloadTemporalCli, SDK_DOWNLOAD_SOURCE } from './download-temporal-cli.ts';

/** The last version that `go install` can build: later ones have replace directives in their go.mod. */
export const TEMPORAL_CLI_VERSION = '1.5.1';

const EXECUTABLE = process.platform === 'win32' ? 'temporal.exe' : 'temporal';

export type FindTemporalCliOptions = {
  /** TEMPORAL_CLI_PATH: when set, this one or none. */
  cliPath?: string | undefined;
  env?: NodeJS.ProcessEnv;
  downloadSource?: DownloadSource;
  log: (line: string) => void;
  signal?: AbortSignal | undefined;
};

/**
 * A `temporal` executable that runs: the one named by TEMPORAL_CLI_PATH; one on PATH; one that an earlier run cached;
 * a download; a build with Go, which takes minutes. The last two are cached for every later run.
 * Throws a StartFailure with the five ways when none works, and the reason of the signal when it aborts.
 */
export async function findTemporalCli(options: FindTemporalCliOptions): Promise<string> {
  const { cliPath, env = process.env, downloadSource = SDK_DOWNLOAD_SOURCE, log, signal } = options;
  const isUsable = (path: string) => isTemporalCli(path, signal);
  if (cliPath) {
    if (await isUsable(cliPath)) return cliPath;
    throw new StartFailure(
      `TEMPORAL_CLI_PATH is ${cliPath}, which does not run as the Temporal CLI. ` +
        'Set it to a temporal executable, or leave it out to have one found.',
    );
  }
  const cacheFolder = join(userCacheFolder(env), 'posthorn', `temporal-${TEMPORAL_CLI_VERSION}`);
  for (const candidate of [...onPath(env), join(cacheFolder, EXECUTABLE)]) {
    if (await isUsable(candidate)) return candidate;
  }

  await makeCacheFolder(cacheFolder);
  for (const obtain of [downloadTemporalCli, buildTemporalCli]) {
    const obtained = await obtain({
      version: TEMPORAL_CLI_VERSION,
      cacheFolder,
      executable: EXECUTABLE,
      isUsable,
      env,
      downloadSource,
      log,
      signal,
    });
    if (obtained) return obtained;
  }
  throw new StartFailure(FIVE_WAYS);
}

/** Where a user keeps what can be made again: XDG_CACHE_HOME, ~/Library/Caches on macOS, LOCALAPPDATA on Windows. */
function userCacheFolder({ XDG_CACHE_HOME, LOCALAPPDATA }: NodeJS.ProcessEnv): string {
  if (XDG_CACHE_HOME) return XDG_CACHE_HOME;
  if (process.platform === 'win32' && LOCALAPPDATA) return LOCALAPPDATA;
  return join(homedir(), process.platform === 'darwin' ? 'Library/Caches' : '.cache');
}

const onPath = ({ PATH = '' }: NodeJS.ProcessEnv): string[] =>
  PATH.split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, EXECUTABLE));

async function makeCacheFolder(folder: string): Promise<void> {
  try {
    makeFolder(folder, 0o755);
    await access(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new StartFailure(
      `The Temporal CLI has to be downloaded or built once, and cannot be kept in ${folder}: ${describeFileError(error)}. ` +
        'Set HOME or XDG_CACHE_HOME to a folder that this user can write, or TEMPORAL_CLI_PATH to a temporal executable.',
      { cause: error },
    );
  }
}

const VERSION_WITHIN_MS = 20_000;

async function isTemporalCli(path: string, interrupted: AbortSignal | undefined): Promise<boolean> {
  const late = AbortSignal.timeout(VERSION_WITHIN_MS);
  const signal = interrupted ? AbortSignal.any([late, interrupted]) : late;
  try {
    await access(path);
    return /temporal version/i.test(
      await runInProcessGroup(path, ['--version'], { env: process.env, signal }),
    );
  } catch {
    interrupted?.throwIfAborted();
    return false;
  }
}

const FIVE_WAYS = `No Temporal dev server was found, and none could be downloaded or built. Any one of these helps:
  1. TEMPORAL_CLI_PATH=/path/to/temporal
  2. a temporal executable on PATH (https://docs.temporal.io/cli)
  3. the cache of an earlier run: copy ${join('posthorn', `temporal-${TEMPORAL_CLI_VERSION}`)} of the user's cache folder
  4. access to https://temporal.download, so that it can be downloaded
  5. Go 1.24 or later on PATH, so that it can be built
Or set TEMPORAL_ADDRESS to a Temporal server that runs already.`;
