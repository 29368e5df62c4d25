import { accessSync, constants } from 'node:fs';
import { resolve } from 'node:path';
import { describeFileError, errorCodeOf, StartFailure } from '../../service/start-failure.ts';
import { makeFolder } from './make-folder.ts';

/**
 * Makes the data folder and returns its absolute path. Nobody else looks into it; where root runs us, Postgres is
 * another user, who must be able to pass through. Throws a StartFailure where it cannot be made or written.
 */
export function makeDataDir(dataDir: string): string {
  const path = resolve(dataDir);
  return wrapDataDirErrors(path, () => {
    makeFolder(path, process.getuid?.() === 0 ? 0o711 : 0o700);
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
    return path;
  });
}

/** Runs what writes into the data folder; what the operating system refuses there becomes a StartFailure. */
export function wrapDataDirErrors<T>(dataDir: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!isFileError(error)) throw error;
    throw new StartFailure(
      `The data folder ${resolve(dataDir)} cannot be used: ${describeFileError(error)}. ` +
        'Set POSTHORN_DATA_DIR to a folder that this user can write, with 200 MB to spare.',
      { cause: error },
    );
  }
}

/** An error of a file operation: it names its path, or what could not be done with an open file. */
export const isFileError = (error: unknown): boolean =>
  typeof error === 'object' &&
  error !== null &&
  ('path' in error || ('syscall' in error && /^(write|fsync|ftruncate|close)/.test(String(error.syscall)))) &&
  /^E[A-Z]+$/.test(errorCodeOf(error) ?? '');
