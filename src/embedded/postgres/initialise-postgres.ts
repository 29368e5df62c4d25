import { chownSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { StartFailure } from '../../service/start-failure.ts';
import { wrapDataDirErrors } from '../data-dir/data-dir.ts';
import { ProgramFailed, runInProcessGroup } from '../processes/run-in-group.ts';
import { minimalEnvironment } from '../processes/service-process.ts';
import type { PostgresHome } from './postgres-home.ts';

export type NewCluster = { data: string; role: string; password: string; durable: boolean };

/**
 * Creates a database cluster in a temporary folder and renames it, so that an unfinished cluster is never used. Throws
 * a StartFailure with the last error of initdb, or the reason of `signal` if it aborts.
 */
export async function initialisePostgres(
  { bin, folder, account }: PostgresHome,
  { data, role, password, durable }: NewCluster,
  signal?: AbortSignal,
): Promise<void> {
  const partial = join(folder, 'data.partial');
  const passwordFile = join(folder, 'password.partial');
  wrapDataDirErrors(dirname(folder), () => {
    rmSync(partial, { recursive: true, force: true });
    writeFileSync(passwordFile, password, { mode: 0o600 });
    if (account) chownSync(passwordFile, account.uid, account.gid);
  });
  try {
    await runInProcessGroup(
      join(bin, 'initdb'),
      // The C locale sorts the same on every machine, and is always installed.
      [
        `--pgdata=${partial}`,
        `--username=${role}`,
        `--pwfile=${passwordFile}`,
        '--auth=scram-sha-256',
        '--encoding=UTF8',
        '--no-locale',
        ...(durable ? [] : ['--no-sync']),
      ],
      { account, cwd: '/', env: minimalEnvironment(), signal },
    );
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    if (error instanceof ProgramFailed) throw initdbFailure(folder, error);
    throw error;
  } finally {
    rmSync(passwordFile, { force: true });
  }
  renameSync(partial, data);
}

/** The output ends with hints and progress; the reason follows one of these words. */
function initdbFailure(folder: string, { message, output }: ProgramFailed): StartFailure {
  const reasons = [...output.matchAll(/\b(?:error|FATAL|PANIC):\s*(.+)/g)].map(([, reason]) => reason);
  return new StartFailure(
    `The embedded Postgres could not create its data in ${folder}: ${reasons.at(-1) ?? message}. ` +
      'Free disk space there, set POSTHORN_DATA_DIR to another folder, or set DATABASE_URL to a running Postgres.',
  );
}
