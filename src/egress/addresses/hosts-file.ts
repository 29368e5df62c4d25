import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';

const PATH =
  process.platform === 'win32'
    ? join(process.env.SystemRoot ?? 'C:\\Windows', 'System32', 'drivers', 'etc', 'hosts')
    : '/etc/hosts';
const READ_AGAIN_AFTER_MS = 5_000;

/** Addresses of each name in the machine's hosts file (hosts(5)); names in lower case. */
export function parseHosts(text: string): Map<string, string[]> {
  const hosts = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const [address = '', ...names] = line.replace(/#.*/, '').trim().toLowerCase().split(/\s+/);
    if (!isIP(address)) continue;
    for (const name of names) hosts.set(name, [...(hosts.get(name) ?? []), address]);
  }
  return hosts;
}

/** A reader of the hosts file that sees a change within seconds; a file that is missing has no names. */
export function createHostsFileLookup(path: string = PATH): (name: string) => Promise<string[]> {
  let hosts: Promise<Map<string, string[]>> | undefined;
  let readAt = 0;
  return async (name) => {
    if (!hosts || performance.now() - readAt > READ_AGAIN_AFTER_MS) {
      readAt = performance.now();
      hosts = readFile(path, 'utf8').then(parseHosts, () => new Map());
    }
    return (await hosts).get(name) ?? [];
  };
}
