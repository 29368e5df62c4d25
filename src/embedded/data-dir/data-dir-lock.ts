import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorCodeOf, StartFailure } from '../../service/start-failure.ts';
import { processIdentity } from '../processes/process-identity.ts';
import { makeDataDir, wrapDataDirErrors } from './data-dir.ts';

/** Another Posthorn is running on the same data folder. */
export class DataDirInUse extends StartFailure {
  constructor(dataDir: string, pid: number) {
    super(
      `Posthorn is already running on ${dataDir} (process ${pid}). Stop it first, or set POSTHORN_DATA_DIR to another folder.`,
    );
    this.name = 'DataDirInUse';
  }
}

/**
 * Locks the folder for this process until the returned function is called or the process ends. Without the lock, a
 * second start would stop the embedded servers of the first as leftovers. Throws DataDirInUse.
 */
export function lockDataDir(dataDir: string): () => void {
  const lock = join(makeDataDir(dataDir), 'lock');
  const tempFile = `${lock}.${process.pid}`;
  wrapDataDirErrors(dataDir, () => {
    try {
      writeFileSync(tempFile, JSON.stringify({ pid: process.pid, identity: processIdentity(process.pid) }), {
        mode: 0o600,
      });
      while (!tryLink(tempFile, lock)) removeIfStale(lock, dataDir);
    } finally {
      rmSync(tempFile, { force: true });
    }
  });
  return () => rmSync(lock, { force: true });
}

/** A hard link appears together with its content, and never replaces an existing file. */
function tryLink(tempFile: string, lock: string): boolean {
  try {
    linkSync(tempFile, lock);
    return true;
  } catch (error) {
    if (errorCodeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

function removeIfStale(lock: string, dataDir: string): void {
  const { pid, identity } = readHolder(lock);
  const alive = pid > 0 && pid !== process.pid && processIdentity(pid);
  if (alive && alive === identity) throw new DataDirInUse(dataDir, pid);
  rmSync(lock, { force: true });
}

/** A lock without content, left by a full disk or a power failure, has no holder. */
function readHolder(lock: string): { pid: number; identity?: string } {
  try {
    return JSON.parse(readFileSync(lock, 'utf8')) as { pid: number; identity?: string };
  } catch (error) {
    if (error instanceof SyntaxError) return { pid: 0 };
    throw error;
  }
}
