import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';

/** Most Linux systems allow every user to create a network namespace inside a user namespace. */
const UNSHARE = ['--map-root-user', '--net', '--'];

/** Why no network namespace can be created here; undefined if one can. */
export function networkNamespaceMissingReason(): string | undefined {
  const tried = spawnSync('unshare', [...UNSHARE, 'ip', 'link', 'set', 'lo', 'up'], { encoding: 'utf8' });
  if (tried.error) return 'unshare(1) is missing, as everywhere but on Linux';
  return tried.status === 0 ? undefined : `unshare and ip fail: ${tried.stderr.trim()}`;
}

/**
 * Runs `commands` of ip(8), then the module `program`, in a network without a route to the outside. Returns what the
 * program prints, parsed as JSON.
 */
export async function runInNetworkNamespace(commands: string[], program: string): Promise<unknown> {
  const shell = [...commands.map((command) => `ip ${command}`), 'exec "$0" --input-type=module -e "$1"'].join(
    ' && ',
  );
  const args = [...UNSHARE, '/bin/sh', '-c', shell, process.execPath, program];
  const { stdout } = await promisify(execFile)('unshare', args, { timeout: 60_000 });
  return JSON.parse(stdout);
}
