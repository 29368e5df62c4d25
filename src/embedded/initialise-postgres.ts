import { execFile } from 'node:child_process';
import { chownSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { PostgresHome } from './postgres-home.ts';
import { bareEnvironment } from './service-process.ts';

export type NewCluster = { data: string; role: string; password: string; durable: boolean };

/** Built beside and renamed into place: a folder that initdb did not finish is never taken for a database. */
export async function initialisePostgres(
  { bin, folder, account }: PostgresHome,
  { data, role, password, durable }: NewCluster,
): Promise<void> {
  const partial = join(folder, 'data.partial');
  const passwordFile = join(folder, 'password.partial');
  rmSync(partial, { recursive: true, force: true });
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (account) chownSync(passwordFile, account.uid, account.gid);
  try {
    await promisify(execFile)(
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
      { ...account, cwd: '/', env: bareEnvironment() },
    );
  } finally {
    rmSync(passwordFile, { force: true });
  }
  renameSync(partial, data);
}
