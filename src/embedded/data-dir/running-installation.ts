import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readFileIfExists } from './local-secrets.ts';

/** Stores the URL of the API for other commands on this machine, until the returned function is called. */
export function recordApiUrl(dataDir: string, url: string): () => void {
  const file = join(dataDir, 'api-url');
  writeFileSync(file, `${url}\n`, { mode: 0o600 });
  return () => rmSync(file, { force: true });
}

/** Undefined unless `posthorn start` is running on the folder, or was killed. */
export const readApiUrl = (dataDir: string): string | undefined => readFileIfExists(join(dataDir, 'api-url'));

/** The admin key that an embedded installation has generated. */
export const readAdminKey = (dataDir: string): string | undefined =>
  readFileIfExists(join(dataDir, 'admin-key'));

/** The key of the project `default` of an embedded installation. */
export const readProjectKey = (dataDir: string): string | undefined =>
  readFileIfExists(join(dataDir, 'api-key'));
