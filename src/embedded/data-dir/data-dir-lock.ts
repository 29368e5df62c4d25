import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StartFailure } from '../../service/start-failure.ts';
import { processIdentity } from '../processes/process-identity.ts';
import { makeDataDir, wrapDataDirErrors } from './data-dir.ts';

/** Another Posthorn runs on the same data folder. */
export class DataDirInUse extends StartFailure {
  constructor(dataDir: string, pid: number) {
    super(
      `Posthorn already runs on ${dataDir} (process ${pid}). Stop it first, or set POSTHORN_DATA_DIR to another.`,
    );
    this.name = 'DataDirInUse';
  }
}

/**
 * Claims the folder for this process until the returned function is called, or the process is gone: the embedded
 * servers of a live run must not be taken for leftovers. Throws DataDirInUse.
 */
export function lockDataDir(dataDir: string): () => void {
  const lock = join(makeDataDir(dataDir), 'lock');
  const draft = `${lock}.${process.pid}`;
  wrapDataDirErrors(dataDir, () => {
    try {
      writeFileSync(draft, JSON.stringify({ pid: process.pid, identity: processIdentity(process.pid) }), {
        mode: 0o600,
      });
      while (!linked(draft, lock)) removeIfStale(lock, dataDir);
    } finally {
      rmSync(draft, { force: true });
    }
  });
  return () => rmSync(lock, { force: true });
}

/** A link appears with its content, and never replaces another's. */
function linked(draft: string, lock: string): boolean {
  try {
    linkSync(draft, lock);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function removeIfStale(lock: string, dataDir: string): void {
  const { pid, identity } = holderOf(lock);
  const alive = pid > 0 && pid !== process.pid && processIdentity(pid);
  if (alive && alive === identity) throw new DataDirInUse(dataDir, pid);
  rmSync(lock, { force: true });
}

/** A lock that a full disk or a power cut has left without its content is nobody's. */
function holderOf(lock: string): { pid: number; identity?: string } {
  try {
    return JSON.parse(readFileSync(lock, 'utf8')) as { pid: number; identity?: string };
  } catch (error) {
    if (error instanceof SyntaxError) return { pid: 0 };
    throw error;
  }
}
