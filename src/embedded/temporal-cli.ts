import { execFile } from 'node:child_process';
import { access } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { buildTemporalCli } from './build-temporal-cli.ts';
import { type Downloads, downloadTemporalCli, SDK_DOWNLOADS } from './download-temporal-cli.ts';

/** The last version that `go install` can build: later ones have replace directives in their go.mod. */
export const TEMPORAL_CLI_VERSION = '1.5.1';

const EXECUTABLE = process.platform === 'win32' ? 'temporal.exe' : 'temporal';

export type FindOptions = {
  /** TEMPORAL_CLI_PATH: when set, this one or none. */
  cliPath?: string | undefined;
  env?: NodeJS.ProcessEnv;
  downloads?: Downloads;
  log: (line: string) => void;
};

/**
 * A `temporal` executable that runs: the one named by TEMPORAL_CLI_PATH; one on PATH; one that an earlier run cached;
 * a download; a build with Go, which takes minutes. The last two are cached for every later run.
 * Throws with the five ways when none works.
 */
export async function findTemporalCli(options: FindOptions): Promise<string> {
  const { cliPath, env = process.env, downloads = SDK_DOWNLOADS, log } = options;
  if (cliPath) {
    if (await isTemporalCli(cliPath)) return cliPath;
    throw new Error(`TEMPORAL_CLI_PATH is ${cliPath}, which does not run as the Temporal CLI.`);
  }
  const cacheFolder = join(userCacheFolder(env), 'posthorn', `temporal-${TEMPORAL_CLI_VERSION}`);
  for (const candidate of [...onPath(env), join(cacheFolder, EXECUTABLE)]) {
    if (await isTemporalCli(candidate)) return candidate;
  }

  for (const obtain of [downloadTemporalCli, buildTemporalCli]) {
    const obtained = await obtain({
      version: TEMPORAL_CLI_VERSION,
      cacheFolder,
      executable: EXECUTABLE,
      accepts: isTemporalCli,
      env,
      downloads,
      log,
    });
    if (obtained) return obtained;
  }
  throw new Error(FIVE_WAYS);
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

async function isTemporalCli(path: string): Promise<boolean> {
  try {
    await access(path);
    const { stdout } = await promisify(execFile)(path, ['--version'], { timeout: 20_000 });
    return /temporal version/i.test(stdout);
  } catch {
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
