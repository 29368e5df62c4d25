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
  /** TEMPORAL_CLI_PATH. If it is set, no other executable is used. */
  cliPath?: string | undefined;
  env?: NodeJS.ProcessEnv;
  downloadSource?: DownloadSource;
  log: (line: string) => void;
  signal?: AbortSignal | undefined;
};

/**
 * Finds a working `temporal` executable: the one at TEMPORAL_CLI_PATH, else on PATH, else in the cache; else downloads
 * one, else builds one with Go, which takes minutes. The last two are cached.
 * Throws a StartFailure with instructions if all of this fails, and the reason of `signal` if it aborts.
 */
export async function findTemporalCli(options: FindTemporalCliOptions): Promise<string> {
  const { cliPath, env = process.env, downloadSource = SDK_DOWNLOAD_SOURCE, log, signal } = options;
  const isUsable = (path: string) => isTemporalCli(path, signal);
  if (cliPath) {
    if (await isUsable(cliPath)) return cliPath;
    throw new StartFailure(
      `TEMPORAL_CLI_PATH is ${cliPath}, which does not run as the Temporal CLI. ` +
        'Set it to a temporal executable, or unset it so that Posthorn finds one.',
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
  throw new StartFailure(NOT_FOUND_MESSAGE);
}

/** The user's cache folder: XDG_CACHE_HOME, ~/Library/Caches on macOS, LOCALAPPDATA on Windows, else ~/.cache. */
export function userCacheFolder({ XDG_CACHE_HOME, LOCALAPPDATA }: NodeJS.ProcessEnv): string {
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
      `The Temporal CLI must be downloaded or built once, but cannot be stored in ${folder}: ${describeFileError(error)}. ` +
        'Set HOME or XDG_CACHE_HOME to a folder that this user can write, or TEMPORAL_CLI_PATH to a temporal executable.',
      { cause: error },
    );
  }
}

const VERSION_TIMEOUT_MS = 20_000;

async function isTemporalCli(path: string, interrupted: AbortSignal | undefined): Promise<boolean> {
  const timeout = AbortSignal.timeout(VERSION_TIMEOUT_MS);
  const signal = interrupted ? AbortSignal.any([timeout, interrupted]) : timeout;
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

const NOT_FOUND_MESSAGE = `No Temporal dev server was found, and none could be downloaded or built. Provide one of these:
  1. TEMPORAL_CLI_PATH=/path/to/temporal
  2. a temporal executable on PATH (https://docs.temporal.io/cli)
  3. the cache of an earlier run: copy ${join('posthorn', `temporal-${TEMPORAL_CLI_VERSION}`)} into the user's cache folder
  4. access to https://temporal.download, so that it can be downloaded
  5. Go 1.24 or later on PATH, so that it can be built
Or set TEMPORAL_ADDRESS to a running Temporal server.`;
