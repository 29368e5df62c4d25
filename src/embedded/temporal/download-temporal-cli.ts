import { createWriteStream } from 'node:fs';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { withProgressLog } from '../processes/progress-log.ts';
import { runInProcessGroup } from '../processes/run-in-group.ts';

/** How to obtain an executable and store it in `cacheFolder`, which exists. */
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

/** The download service of the Temporal SDKs. The timeout is short, because without internet it may never respond. */
export const SDK_DOWNLOAD_SOURCE: DownloadSource = {
  baseUrl: 'https://temporal.download',
  responseTimeoutMs: 5_000,
};

const DOWNLOAD_TIMEOUT_MS = 10 * 60_000;

const ARCHITECTURES: Record<string, string> = { x64: 'amd64', arm64: 'arm64' };
const PLATFORMS: Record<string, string> = { linux: 'linux', darwin: 'darwin', win32: 'windows' };

/**
 * Downloads the CLI as the Temporal SDKs do: first the URL of the archive, then the archive. Returns the path of the
 * executable in the cache folder, or undefined if the download fails or there is no build for this platform.
 */
export async function downloadTemporalCli(options: ObtainOptions): Promise<string | undefined> {
  const { version, cacheFolder, executable, isUsable, downloadSource, log, signal } = options;
  const [arch, platform] = [ARCHITECTURES[process.arch], PLATFORMS[process.platform]];
  if (!arch || !platform) return undefined;
  const folder = await mkdtemp(join(cacheFolder, 'download-'));
  try {
    const metadata = await get(
      `${downloadSource.baseUrl}/cli/v${version}?arch=${arch}&platform=${platform}`,
      options,
    );
    const { archiveUrl, fileToExtract } = (await metadata.json()) as {
      archiveUrl: string;
      fileToExtract: string;
    };
    const archive = join(folder, archiveUrl.endsWith('.zip') ? 'temporal.zip' : 'temporal.tar.gz');
    await withProgressLog(log, `Downloading the Temporal CLI ${version} (once, 100 MB)`, async () => {
      const { body } = await get(archiveUrl, options);
      const content = Readable.fromWeb(body as ReadableStream);
      await pipeline(content, createWriteStream(archive), {
        signal: anySignal(AbortSignal.timeout(DOWNLOAD_TIMEOUT_MS), signal),
      });
    });
    await runInProcessGroup('tar', ['-xf', archive, '-C', folder, fileToExtract], {
      env: process.env,
      signal,
    });
    const extracted = join(folder, fileToExtract);
    if (!(await isUsable(extracted)))
      throw new Error('the downloaded executable does not run on this machine');
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

/** The timeout covers the response headers only; the body may take longer. */
async function get(url: string, { downloadSource, signal }: ObtainOptions): Promise<Response> {
  const timeoutMs = downloadSource.responseTimeoutMs;
  const controller = new AbortController();
  const timer = setTimeout(
    () => controller.abort(new Error(`no response within ${timeoutMs / 1000} s`)),
    timeoutMs,
  );
  try {
    const response = await fetch(url, { signal: anySignal(controller.signal, signal) });
    if (!response.ok) throw new Error(`HTTP status ${response.status}`);
    return response;
  } finally {
    clearTimeout(timer);
  }
}

const anySignal = (one: AbortSignal, other: AbortSignal | undefined): AbortSignal =>
  other ? AbortSignal.any([one, other]) : one;

/** The message of fetch is only "fetch failed"; its cause has the reason. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error ? cause.message : message;
}
