import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readFileIfExists } from './local-secrets.ts';

/** Notes where the API is, for commands on this machine, until the returned function is called. */
export function recordApiUrl(dataDir: string, url: string): () => void {
  const file = join(dataDir, 'api-url');
  writeFileSync(file, `${url}\n`, { mode: 0o600 });
  return () => rmSync(file, { force: true });
}

/** Undefined unless `posthorn start` runs on the folder, or was killed. */
export const readApiUrl = (dataDir: string): string | undefined => readFileIfExists(join(dataDir, 'api-url'));

/** The admin key that an embedded installation made for itself. */
export const readAdminKey = (dataDir: string): string | undefined =>
  readFileIfExists(join(dataDir, 'admin-key'));
