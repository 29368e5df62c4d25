import { createWriteStream } from 'node:fs';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { withProgressLog } from '../processes/progress-log.ts';
import { runInProcessGroup } from '../processes/run-in-group.ts';

/** What it takes to obtain an executable and to keep it in `cacheFolder`, which is there. */
export type ObtainOptions = {
  version: string;
  cacheFolder: string;
  executable: string;
  isUsable: (path: string) => Promise<boolean>;
  env: NodeJS.ProcessEnv;
  downloadSource: DownloadSource;
  log: (line: string) => void;
  signal?: AbortSignal | undefined;
};

export type DownloadSource = { baseUrl: string; responseTimeoutMs: number };

/** The address that the Temporal SDKs ask. Where there is no internet the answer may never come: we go on soon. */
export const SDK_DOWNLOAD_SOURCE: DownloadSource = {
  baseUrl: 'https://temporal.download',
  responseTimeoutMs: 5_000,
};

const DOWNLOAD_TIMEOUT_MS = 10 * 60_000;

const ARCHITECTURES: Record<string, string> = { x64: 'amd64', arm64: 'arm64' };
const PLATFORMS: Record<string, string> = { linux: 'linux', darwin: 'darwin', win32: 'windows' };

/**
 * Downloads the CLI as the Temporal SDKs do: an address that names the archive, then the archive. Returns the path
 * of the executable in the cache folder, or undefined when the internet, or a build for this machine, is not there.
 */
export async function downloadTemporalCli(options: ObtainOptions): Promise<string | undefined> {
  const { version, cacheFolder, executable, isUsable, downloadSource, log, signal } = options;
  const [arch, platform] = [ARCHITECTURES[process.arch], PLATFORMS[process.platform]];
  if (!arch || !platform) return undefined;
  const folder = await mkdtemp(join(cacheFolder, 'download-'));
  try {
    const answer = await get(
      `${downloadSource.baseUrl}/cli/v${version}?arch=${arch}&platform=${platform}`,
      options,
    );
    const { archiveUrl, fileToExtract } = (await answer.json()) as {
      archiveUrl: string;
      fileToExtract: string;
    };
    const archive = join(folder, archiveUrl.endsWith('.zip') ? 'temporal.zip' : 'temporal.tar.gz');
    await withProgressLog(log, `Downloading the Temporal CLI ${version} (once, 100 MB)`, async () => {
      const { body } = await get(archiveUrl, options);
      const content = Readable.fromWeb(body as ReadableStream);
      await pipeline(content, createWriteStream(archive), {
        signal: either(AbortSignal.timeout(DOWNLOAD_TIMEOUT_MS), signal),
      });
    });
    await runInProcessGroup('tar', ['-xf', archive, '-C', folder, fileToExtract], {
      env: process.env,
      signal,
    });
    const extracted = join(folder, fileToExtract);
    if (!(await isUsable(extracted))) throw new Error('what came does not run here');
    await rename(extracted, join(cacheFolder, executable));
    return join(cacheFolder, executable);
  } catch (error) {
    signal?.throwIfAborted();
    log(`The Temporal CLI could not be downloaded: ${reasonOf(error)}`);
    return undefined;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The timeout ends with the headers: the body may take its time. */
async function get(url: string, { downloadSource, signal }: ObtainOptions): Promise<Response> {
  const timeoutMs = downloadSource.responseTimeoutMs;
  const controller = new AbortController();
  const timer = setTimeout(
    () => controller.abort(new Error(`no answer in ${timeoutMs / 1000} s`)),
    timeoutMs,
  );
  try {
    const response = await fetch(url, { signal: either(controller.signal, signal) });
    if (!response.ok) throw new Error(`HTTP status ${response.status}`);
    return response;
  } finally {
    clearTimeout(timer);
  }
}

const either = (one: AbortSignal, other: AbortSignal | undefined): AbortSignal =>
  other ? AbortSignal.any([one, other]) : one;

/** fetch says no more than "fetch failed"; its cause says why. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error ? cause.message : message;
}
