import { accessSync, constants } from 'node:fs';
import { resolve } from 'node:path';
import { describeFileError, errorCodeOf, StartFailure } from '../../service/start-failure.ts';
import { makeFolder } from './make-folder.ts';

/**
 * Creates the data folder and returns its absolute path. Other users cannot list it. If this process runs as root,
 * Postgres runs as another user, who must be able to traverse it. Throws a StartFailure if it cannot be created or written.
 */
export function makeDataDir(dataDir: string): string {
  const path = resolve(dataDir);
  return wrapDataDirErrors(path, () => {
    makeFolder(path, process.getuid?.() === 0 ? 0o711 : 0o700);
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
    return path;
  });
}

/** Runs work that writes to the data folder, and turns errors of the operating system into a StartFailure. */
export function wrapDataDirErrors<T>(dataDir: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!isFileError(error)) throw error;
    throw new StartFailure(
      `The data folder ${resolve(dataDir)} cannot be used: ${describeFileError(error)}. ` +
        'Set POSTHORN_DATA_DIR to a folder that this user can write, with at least 200 MB of free space.',
      { cause: error },
    );
  }
}

/** Whether an error comes from a file operation. Such an error has a path, or a system call on an open file. */
export const isFileError = (error: unknown): boolean =>
  typeof error === 'object' &&
  error !== null &&
  ('path' in error || ('syscall' in error && /^(write|fsync|ftruncate|close)/.test(String(error.syscall)))) &&
  /^E[A-Z]+$/.test(errorCodeOf(error) ?? '');
