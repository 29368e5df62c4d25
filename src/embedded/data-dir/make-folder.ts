import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { errorCodeOf } from '../../service/start-failure.ts';

/**
 * Creates a folder and its missing parents; an existing folder keeps its mode. Node's own recursive mkdir never returns
 * on a file system that rejects new names with ENOENT, such as /proc.
 */
export function makeFolder(path: string, mode: number): void {
  if (isFolder(path)) return;
  const parent = dirname(path);
  if (parent !== path) makeFolder(parent, mode);
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    if (errorCodeOf(error) !== 'EEXIST' || !isFolder(path)) throw error; // a concurrent process may have created it
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (error) {
    if (errorCodeOf(error) === 'ENOENT') return false;
    throw error;
  }
}
