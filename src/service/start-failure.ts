/**
 * What keeps Posthorn from starting, in a sentence or two for the person who started it: which variable is concerned,
 * and what to do. It is printed as it stands, without a stack trace.
 */
export class StartFailure extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StartFailure';
  }
}

const IN_WORDS: Record<string, string> = {
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  EROFS: 'it is read-only',
  ENOSPC: 'no space left on the device',
  EDQUOT: 'the disk quota is used up',
  ENOENT: 'a folder of this path does not exist and cannot be made',
  ENOTDIR: 'a part of this path is a file',
  EEXIST: 'there is a file of that name',
  EISDIR: 'there is a folder of that name',
  ELOOP: 'its symbolic links form a loop',
  ENAMETOOLONG: 'the path is too long',
  EMFILE: 'this process may open no more files',
  EIO: 'the device reports an error',
};

export const errorCodeOf = (error: unknown): string | undefined =>
  typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : undefined;

/** What the operating system says of a file, in words; its own message where we have none. */
export function describeFileError(error: unknown): string {
  const code = errorCodeOf(error);
  return (code && IN_WORDS[code]) ?? (error instanceof Error ? error.message : String(error));
}
