import type { Config } from '../../config/config.ts';
import { readApiUrl } from '../../embedded/data-dir/running-installation.ts';

/** Where a running Posthorn is, and the key of the calls to it. */
export type Connection = { url: string; key: string };
export type ConnectionOptions = { url?: string; key?: string };

/** A command that did not succeed, with its exit code: 2 usage, 3 refused by the API, 4 not reached. */
export class CommandFailure extends Error {
  readonly exitCode: 2 | 3 | 4;
  constructor(exitCode: 2 | 3 | 4, message: string) {
    super(message);
    this.exitCode = exitCode;
  }
}

/**
 * The options come first, then POSTHORN_URL and POSTHORN_KEY, then the data folder of `posthorn start`: its address, and the
 * key that `readOwnKey` finds. Throws a CommandFailure if there is no key, or if the URL is invalid.
 */
export function connectionOf(
  options: ConnectionOptions,
  env: NodeJS.ProcessEnv,
  { dataDir, http }: Pick<Config, 'dataDir' | 'http'>,
  readOwnKey: () => string | undefined,
): Connection {
  const ownUrl = readApiUrl(dataDir) ?? http.publicUrl;
  const url = options.url ?? (env.POSTHORN_URL || ownUrl);
  if (!/^https?:$/.test(URL.parse(url)?.protocol ?? ''))
    throw new CommandFailure(2, `"${url}" is not a URL such as http://127.0.0.1:4000.`);
  const given = options.key ?? (env.POSTHORN_KEY || undefined);
  const key = given ?? readOwnKey();
  if (key === undefined) {
    throw new CommandFailure(
      2,
      `There is no key in ${dataDir}. Start Posthorn with "npm start", or set POSTHORN_KEY or --key.`,
    );
  }
  // A key of this machine's Posthorn must not be sent to another server.
  if (given === undefined && new URL(url).origin !== URL.parse(ownUrl)?.origin)
    throw new CommandFailure(2, `Set the key for ${url} with --key or POSTHORN_KEY.`);
  return { url: url.replace(/\/+$/, ''), key };
}
