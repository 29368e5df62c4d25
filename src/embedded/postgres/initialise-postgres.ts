import { chownSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { StartFailure } from '../../service/start-failure.ts';
import { wrapDataDirErrors } from '../data-dir/data-dir.ts';
import { ProgramFailed, runInProcessGroup } from '../processes/run-in-group.ts';
import { minimalEnvironment } from '../processes/service-process.ts';
import type { PostgresHome } from './postgres-home.ts';

export type NewCluster = { data: string; role: string; password: string; durable: boolean };

/**
 * Built beside and renamed into place: a folder that initdb did not finish is never taken for a database. Throws a
 * StartFailure with the last words of initdb, and the reason of the signal.
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
      // The C locale sorts alike on every machine, and needs nothing installed.
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
    if (error instanceof ProgramFailed) throw failureOf(folder, error);
    throw error;
  } finally {
    rmSync(passwordFile, { force: true });
  }
  renameSync(partial, data);
}

/** initdb ends with hints and progress; what failed stands behind one of these words. */
function failureOf(folder: string, { message, output }: ProgramFailed): StartFailure {
  const reasons = [...output.matchAll(/\b(?:error|FATAL|PANIC):\s*(.+)/g)].map(([, reason]) => reason);
  return new StartFailure(
    `The embedded Postgres could not make its data in ${folder}: ${reasons.at(-1) ?? message}. ` +
      'Make room there, set POSTHORN_DATA_DIR to another folder, or set DATABASE_URL to a Postgres that runs already.',
  );
}
