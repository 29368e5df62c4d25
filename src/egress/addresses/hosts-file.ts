import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';

const PATH =
  process.platform === 'win32'
    ? join(process.env.SystemRoot ?? 'C:\\Windows', 'System32', 'drivers', 'etc', 'hosts')
    : '/etc/hosts';
const REFRESH_AFTER_MS = 5_000;

/** The addresses of each name in a hosts file (hosts(5)). Names are in lower case. */
export function parseHosts(text: string): Map<string, string[]> {
  const hosts = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const [address = '', ...names] = line.replace(/#.*/, '').trim().toLowerCase().split(/\s+/);
    if (!isIP(address)) continue;
    for (const name of names) hosts.set(name, [...(hosts.get(name) ?? []), address]);
  }
  return hosts;
}

/** Returns a lookup in the hosts file that notices changes within 5 s. A missing file contains no names. */
export function createHostsFileLookup(path: string = PATH): (name: string) => Promise<string[]> {
  let hosts: Promise<Map<string, string[]>> | undefined;
  let readAt = 0;
  return async (name) => {
    if (!hosts || performance.now() - readAt > REFRESH_AFTER_MS) {
      readAt = performance.now();
      hosts = readFile(path, 'utf8').then(parseHosts, () => new Map());
    }
    return (await hosts).get(name) ?? [];
  };
}
