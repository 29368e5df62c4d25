import type { Config } from '../../config/config.ts';
import { readAdminKey, readApiUrl } from '../../embedded/data-dir/running-installation.ts';
import { TryFailure } from './try-failure.ts';

export type RunningPosthorn = { url: string; adminKey: string };

/**
 * The options take precedence over the data folder of `posthorn start` and the variables. Throws a TryFailure if there
 * is no admin key, or if the URL is invalid.
 */
export function findPosthorn(
  { dataDir, http, adminKey }: Pick<Config, 'dataDir' | 'http' | 'adminKey'>,
  options: { url?: string; adminKey?: string },
): RunningPosthorn {
  const url = options.url ?? readApiUrl(dataDir) ?? http.publicUrl;
  const key = options.adminKey ?? adminKey ?? readAdminKey(dataDir);
  if (!URL.canParse(url)) throw new TryFailure(`"${url}" is not a URL such as http://127.0.0.1:4000.`);
  if (key === undefined) {
    throw new TryFailure(
      `There is no admin key in ${dataDir}. Start Posthorn with "npm start", or set POSTHORN_ADMIN_KEY.`,
    );
  }
  return { url: url.replace(/\/+$/, ''), adminKey: key };
}
