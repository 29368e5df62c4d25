import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, linkSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createKeyWithMac } from '../../secrets/api-key-mac.ts';
import { createSecretBox } from '../../secrets/secret-box.ts';
import { errorCodeOf } from '../../service/start-failure.ts';
import { makeDataDir, wrapDataDirErrors } from './data-dir.ts';

/** The keys of an embedded installation, in the formats of the variables with the same names. */
export type LocalSecrets = {
  adminKey: string;
  encryptionKey: Buffer;
  /** The API key of the project `default`. The database contains only its hash. */
  projectKey: string;
};

/** Reads the keys in `dataDir`. Creates missing keys, in files that only their owner can read. */
export function readOrCreateLocalSecrets(dataDir: string): LocalSecrets {
  makeDataDir(dataDir);
  const token = (prefix: string) => () => `${prefix}${randomBytes(24).toString('base64url')}`;
  const encryptionKey = readOrCreateFile(join(dataDir, 'encryption-key'), () =>
    randomBytes(32).toString('base64'),
  );
  const { macsOf } = createSecretBox([Buffer.from(encryptionKey, 'base64')]);
  return {
    adminKey: readOrCreateFile(join(dataDir, 'admin-key'), token('pha_')),
    encryptionKey: Buffer.from(encryptionKey, 'base64'),
    projectKey: readOrCreateFile(join(dataDir, 'api-key'), () => createKeyWithMac('ph', macsOf)),
  };
}

/**
 * The text in `file`, which is created with mode 0600 if it is missing. It is synced to disk before it is returned:
 * if an encryption key were lost, so would everything that it encrypted. Two concurrent processes get the same text.
 */
export function readOrCreateFile(file: string, create: () => string): string {
  const existing = readFileIfExists(file);
  if (existing !== undefined) return existing;

  const tempFile = `${file}.${process.pid}`;
  wrapDataDirErrors(dirname(file), () => {
    try {
      writeDurably(tempFile, create());
      linkSync(tempFile, file); // unlike rename, it never replaces the file of a concurrent process
    } catch (error) {
      if (errorCodeOf(error) !== 'EEXIST') throw error;
    } finally {
      rmSync(tempFile, { force: true });
    }
  });
  return readFileSync(file, 'utf8').trim();
}

function writeDurably(file: string, text: string): void {
  const descriptor = openSync(file, 'w', 0o600);
  try {
    writeSync(descriptor, text);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** The trimmed text of a file; undefined if it does not exist. */
export function readFileIfExists(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    if (errorCodeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
