import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';

/**
 * Makes the data folder and returns its absolute path. Nobody else looks into it; where root runs us, Postgres is
 * another user, who must be able to pass through.
 */
export function makeDataDir(dataDir: string): string {
  const path = resolve(dataDir);
  mkdirSync(path, { recursive: true, mode: process.getuid?.() === 0 ? 0o711 : 0o700 });
  return path;
}
