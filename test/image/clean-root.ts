import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const root = join(__dirname, '../..');

/** What runs in a clean root: its /app, the user, and where it may write besides /tmp. */
export type CleanRun = {
  app: string;
  command: string[];
  env?: Record<string, string | undefined>;
  /** Without it root, who may write to /app and /usr/local, as in a build. All runs share one /usr/local. */
  unprivileged?: boolean;
};

/** Why no clean root can be made here; undefined if one can. */
export function cleanRootMissingReason(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'it needs root on Linux';
  const tried = spawnSync('unshare', ['--mount', 'true'], { encoding: 'utf8' });
  return tried.status === 0 ? undefined : `unshare(1) fails: ${tried.error?.message ?? tried.stderr}`;
}

/** Mounts the new root on a folder, and becomes the command in it. Nothing of it is visible outside, or remains. */
const ENTER = `
set -e
mount --make-rprivate /
mount -t tmpfs -o mode=755 tmpfs "$ROOT"
cd "$ROOT"
for name in bin sbin lib lib64; do
  if [ -L "/$name" ]; then cp -P "/$name" .; elif [ -d "/$name" ]; then mkdir "$name"; mount --rbind "/$name" "$name"; fi
done
mkdir usr etc app tmp dev proc root
mount --rbind /usr usr
mount --bind "$LOCAL" usr/local
mount --rbind /etc etc
for folder in usr etc; do mount -o remount,bind,ro "$folder"; done
mount --rbind /dev dev
mount --rbind /proc proc
mount -t tmpfs -o mode=1777 tmpfs tmp
mount --bind "$APP" app
if [ -n "$UNPRIVILEGED" ]; then
  mount -o remount,bind,ro app
  mount -o remount,bind,ro usr/local
  mount -o remount,ro .
  set -- setpriv --reuid=1000 --regid=1000 --clear-groups --bounding-set=-all --no-new-privs "$@"
fi
exec chroot . /bin/sh -c 'cd /app && exec "$@"' sh "$@"
`;

/**
 * A root with the system of this machine, read-only, and the Node of the image. It stands for the base image: without a
 * container engine no other one can be had. It has nothing of this folder and of the user's home.
 */
export function createCleanRoot() {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-image-'));
  const [mountPoint, local] = [join(folder, 'root'), join(folder, 'local')];
  mkdirSync(mountPoint);
  for (const name of ['bin', 'lib/node_modules']) mkdirSync(join(local, name), { recursive: true });
  cpSync(join(root, 'node_modules/node/bin/node'), join(local, 'bin/node'));
  cpSync(npmFolder(), join(local, 'lib/node_modules/npm'), { recursive: true });
  symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(local, 'bin/npm'));

  return {
    folder,
    /** The arguments of unshare(1) with which it runs; the process keeps its id and its signals. */
    argumentsOf({ app, command, env = {}, unprivileged = false }: CleanRun): string[] {
      const variables = {
        PATH: '/usr/local/bin:/usr/bin:/bin',
        HOME: unprivileged ? '/tmp' : '/root',
        ...env,
      };
      const set = Object.entries(variables).flatMap(([name, value]) =>
        value === undefined ? [] : [`${name}=${value}`],
      );
      const outer = [`ROOT=${mountPoint}`, `LOCAL=${local}`, `APP=${app}`];
      const mode = `UNPRIVILEGED=${unprivileged ? 1 : ''}`;
      const inner = ['/usr/bin/env', '-i', ...set, ...command];
      return ['--mount', 'env', ...outer, mode, '/bin/sh', '-c', ENTER, 'sh', ...inner];
    },
    remove: () => rmSync(folder, { recursive: true }),
  };
}

/** The npm on PATH. */
function npmFolder(): string {
  const { stdout } = spawnSync('/bin/sh', ['-c', 'command -v npm'], { encoding: 'utf8' });
  return dirname(dirname(realpathSync(stdout.trim())));
}

/** How npm reaches the registry here. */
export function npmEnvironment(): Record<string, string> {
  const setting = (name: string): string =>
    spawnSync('npm', ['config', 'get', name], { cwd: tmpdir(), encoding: 'utf8' }).stdout.trim();
  const proxies = Object.entries(process.env).filter(([name]) => /^(https?|no)_proxy$/i.test(name));
  const cafile = setting('cafile');
  return {
    npm_config_registry: setting('registry'),
    ...(cafile !== 'null' && { npm_config_cafile: cafile }),
    ...(Object.fromEntries(proxies) as Record<string, string>),
  };
}
