import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { isLocalhost } from './host-name.ts';

/** A server that belongs to Posthorn: its API, its metrics, Temporal and its Web UI, Postgres. */
export type OwnServer = {
  /** A name or an address, as it is configured. */
  host: string;
  port: number;
  /**
   * `name`: a proxy may serve others at the same address and port, and tells them apart by their names; what has a
   * certificate is told by it.
   */
  knownBy: 'address' | 'name';
};

/** Knows what is never a target, whatever addresses are allowed: a request to ourselves has rights that nobody gave. */
export type OwnServices = {
  add(server: OwnServer): void;
  /** By what is known now: a name as it is configured, or an address in canonical form. */
  includes(host: string, port: number): boolean;
  /** Resolves the names of the servers at this port anew, unless it did so lately; undefined where none is there. */
  refresh(port: number): Promise<void> | undefined;
};

export type OwnServicesOptions = {
  /** As the clients of these servers resolve them: getaddrinfo, with the search domains of a cluster. */
  resolve?: (name: string) => Promise<string[]>;
  localAddresses?: () => string[];
};

type Known = OwnServer & { addresses: string[]; askedAt: number };

const YOUNG_MS = 10_000;
/** A name server that hangs must not hold up deliveries to the same port for longer. */
const RESOLVE_WITHIN_MS = 2_000;

export function createOwnServices(servers: OwnServer[] = [], options: OwnServicesOptions = {}): OwnServices {
  const { resolve = systemAddresses, localAddresses = interfaceAddresses } = options;
  const byPort = new Map<number, Known[]>();

  const add = (server: OwnServer): void => {
    const host = plainHost(server.host);
    const addresses = isIP(host) ? [host] : isLocalhost(host) ? ['127.0.0.1'] : [];
    const known = { ...server, host, addresses, askedAt: Number.NEGATIVE_INFINITY };
    byPort.set(server.port, [...(byPort.get(server.port) ?? []), known]);
  };
  for (const server of servers) add(server);

  /** A server of this machine is reached by every address of it, whichever it is configured with. */
  const isLocal = (address: string): boolean => isLoopback(address) || localAddresses().includes(address);
  const isAt = ({ addresses }: Known, address: string): boolean =>
    addresses.includes(address) || (addresses.some(isLocal) && isLocal(address));

  async function refreshOne(server: Known): Promise<void> {
    const isFixed = isIP(server.host) !== 0 || isLocalhost(server.host);
    if (isFixed || server.knownBy === 'name' || performance.now() - server.askedAt < YOUNG_MS) return;
    server.askedAt = performance.now();
    const found = resolve(server.host).then(
      (addresses) => {
        server.addresses = addresses;
      },
      () => {}, // The last answer stays: better an old one than none.
    );
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((ended) => {
      timer = setTimeout(ended, RESOLVE_WITHIN_MS);
    });
    await Promise.race([found, late]).finally(() => clearTimeout(timer));
  }

  return {
    add,
    includes: (host, port) => {
      const servers = byPort.get(port);
      if (!servers) return false;
      const asked = plainHost(host);
      const address = isLocalhost(asked) ? '127.0.0.1' : asked;
      return servers.some((server) => server.host === asked || (isIP(address) > 0 && isAt(server, address)));
    },
    refresh: (port) => {
      const servers = byPort.get(port);
      return servers && Promise.all(servers.map(refreshOne)).then(() => {});
    },
  };
}

const plainHost = (host: string): string =>
  host
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '');

/** The unspecified addresses, too: a connection to them ends at this machine. */
const isLoopback = (address: string): boolean =>
  /^127\.|^0\.0\.0\.0$|^::1?$/.test(address) && isIP(address) > 0;

const systemAddresses = async (name: string): Promise<string[]> =>
  (await lookup(name, { all: true })).map(({ address }) => address);

const interfaceAddresses = (): string[] =>
  Object.values(networkInterfaces()).flatMap((addresses) => (addresses ?? []).map(({ address }) => address));
