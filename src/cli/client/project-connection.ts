import type { Config } from '../../config/config.ts';
import { readAdminKey, readProjectKey } from '../../embedded/data-dir/running-installation.ts';
import { type Connection, type ConnectionOptions, connectionOf } from './connection.ts';

export type ProjectConnection = Connection & { project?: string };
export type ProjectConnectionOptions = ConnectionOptions & { project?: string };

/**
 * The address and key of calls to a project. From the data folder it takes the project key, or the admin key if a project is
 * named. Throws a CommandFailure if there is no key, or if the URL is invalid.
 */
export function projectConnectionOf(
  { project, ...options }: ProjectConnectionOptions,
  env: NodeJS.ProcessEnv,
  config: Pick<Config, 'dataDir' | 'http' | 'adminKey'>,
): ProjectConnection {
  const { dataDir, adminKey } = config;
  const readOwnKey = () =>
    project === undefined ? readProjectKey(dataDir) : (adminKey ?? readAdminKey(dataDir));
  return { ...connectionOf(options, env, config, readOwnKey), ...(project !== undefined && { project }) };
}
