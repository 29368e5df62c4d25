import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { errorCodeOf } from '../../service/start-failure.ts';

/**
 * Makes a folder and those above it that are missing; one that is there keeps its mode. Node's own recursive mkdir does
 * not return where a file system refuses a new name with ENOENT, as /proc does.
 */
export function makeFolder(path: string, mode: number): void {
  if (isFolder(path)) return;
  const parent = dirname(path);
  if (parent !== path) makeFolder(parent, mode);
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    if (errorCodeOf(error) !== 'EEXIST' || !isFolder(path)) throw error; // another process was first
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
