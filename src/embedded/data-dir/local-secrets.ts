import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, linkSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createKeyWithMac } from '../../secrets/api-key-mac.ts';
import { createSecretBox } from '../../secrets/secret-box.ts';
import { errorCodeOf } from '../../service/start-failure.ts';
import { makeDataDir, wrapDataDirErrors } from './data-dir.ts';

/** The keys of an embedded installation, in the forms that the variables of the same names have. */
export type LocalSecrets = {
  adminKey: string;
  encryptionKey: Buffer;
  /** The API key of the project `default`. The database holds only its hash, so this file is where it can be read. */
  projectKey: string;
};

/** Reads the keys in `dataDir`; makes those that are not there yet, in files that only their owner can read. */
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
 * The text in `file`, made once, with mode 0600. Durable before it is used: with an encryption key that the machine
 * forgets, what it sealed is lost. Of two processes that make it at once, both get the same.
 */
export function readOrCreateFile(file: string, make: () => string): string {
  const known = readFileIfExists(file);
  if (known !== undefined) return known;

  const draft = `${file}.${process.pid}`;
  wrapDataDirErrors(dirname(file), () => {
    try {
      writeDurably(draft, make());
      linkSync(draft, file); // unlike rename, it never replaces what another process made meanwhile
    } catch (error) {
      if (errorCodeOf(error) !== 'EEXIST') throw error;
    } finally {
      rmSync(draft, { force: true });
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

/** The text of a file, without space around it; undefined where there is none. */
export function readFileIfExists(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
