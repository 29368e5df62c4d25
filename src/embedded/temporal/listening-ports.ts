import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** The state LISTEN in /proc/net/tcp (proc_pid_net(5)). */
const LISTEN = '0A';

/** The TCP ports that a process listens on; empty on systems other than Linux. */
export function listeningPortsOf(pid: number): number[] {
  try {
    const folder = `/proc/${pid}/fd`;
    const inodes = new Set(
      readdirSync(folder).flatMap((fd) => /^socket:\[(\d+)\]$/.exec(linkOf(`${folder}/${fd}`))?.[1] ?? []),
    );
    return ['tcp', 'tcp6'].flatMap((family) => portsIn(`/proc/${pid}/net/${family}`, inodes));
  } catch {
    return [];
  }
}

function portsIn(table: string, inodes: Set<string>): number[] {
  const rows = readFileSync(table, 'utf8').split('\n').slice(1);
  return rows.flatMap((row) => {
    const [, local = '', , state, , , , , , inode = ''] = row.trim().split(/\s+/);
    return state === LISTEN && inodes.has(inode) ? [Number.parseInt(local.split(':')[1]!, 16)] : [];
  });
}

/** Empty if the descriptor was closed after the listing. */
function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
