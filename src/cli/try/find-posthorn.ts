import type { Config } from '../../config/config.ts';
import { readAdminKey, readApiUrl } from '../../embedded/data-dir/running-installation.ts';
import { TryFailure } from './failure.ts';

export type RunningPosthorn = { url: string; adminKey: string };

/**
 * What was given comes first, then what `posthorn start` has left in its data folder and the variables. Throws a
 * TryFailure where there is no key.
 */
export function findPosthorn(
  { dataDir, http, adminKey }: Pick<Config, 'dataDir' | 'http' | 'adminKey'>,
  given: { url?: string; adminKey?: string },
): RunningPosthorn {
  const url = given.url ?? readApiUrl(dataDir) ?? http.publicUrl;
  const key = given.adminKey ?? adminKey ?? readAdminKey(dataDir);
  if (!URL.canParse(url)) throw new TryFailure(`"${url}" is not a URL such as http://127.0.0.1:4000.`);
  if (key === undefined) {
    throw new TryFailure(
      `There is no admin key in ${dataDir}. Start a Posthorn with "npm start", or set POSTHORN_ADMIN_KEY.`,
    );
  }
  return { url: url.replace(/\/+$/, ''), adminKey: key };
}
