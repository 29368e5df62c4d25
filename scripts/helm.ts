import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { userCacheFolder } from '../src/embedded/temporal/temporal-cli.ts';

/** Builds with Go 1.24 and later. */
export const HELM_VERSION = 'v3.18.6';

/** In the user's cache folder, as the dev server: `npm ci` would empty a folder in node_modules. */
export const helmFolder = (): string =>
  join(userCacheFolder(process.env), 'posthorn', `helm-${HELM_VERSION}`);

/** The helm that `npm run helm` built, or the one on PATH if it is version 3; undefined if there is none. */
export function findHelm(): string | undefined {
  const built = join(helmFolder(), 'helm');
  if (existsSync(built)) return built;
  const { stdout } = spawnSync('helm', ['version', '--template', '{{.Version}}'], { encoding: 'utf8' });
  return /^v3\./.test(stdout ?? '') ? 'helm' : undefined;
}
