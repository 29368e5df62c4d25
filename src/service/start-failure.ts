/**
 * Why Posthorn cannot start, in a sentence or two for the person who started it: which variable to change, and how. The
 * message is printed without a stack trace.
 */
export class StartFailure extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StartFailure';
  }
}

const FILE_ERROR_MESSAGES: Record<string, string> = {
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space left on the device',
  EDQUOT: 'the disk quota is used up',
  ENOENT: 'a folder in the path does not exist and cannot be created',
  ENOTDIR: 'a part of the path is a file',
  EEXIST: 'a file with this name exists',
  EISDIR: 'a folder with this name exists',
  ELOOP: 'its symbolic links form a loop',
  ENAMETOOLONG: 'the path is too long',
  EMFILE: 'too many open files',
  EIO: 'the device reports an error',
};

export const errorCodeOf = (error: unknown): string | undefined =>
  typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : undefined;

/** Describes an error of the file system; falls back to the error's own message. */
export function describeFileError(error: unknown): string {
  const code = errorCodeOf(error);
  return (code && FILE_ERROR_MESSAGES[code]) ?? (error instanceof Error ? error.message : String(error));
}
