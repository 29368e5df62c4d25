import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { isLocalhost } from './host-name.ts';
import { canonicalAddress } from './ipv6.ts';

/** A server that belongs to Posthorn: its API, its metrics, Temporal and its Web UI, Postgres. */
export type OwnServer = {
  /** A name or an address, as it is configured. */
  host: string;
  port: number;
  /**
   * What else it is known by than its host as configured. `address`: every address of the host. `machine`: that, and the
   * ports of the other such servers there, as the Web UI may be beside Temporal. `name`: nothing, since a proxy may serve
   * others at the same address and port, and tell them apart by their names; what has a certificate is told by it.
   */
  matchedBy: 'address' | 'host' | 'name';
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

/** What servers of Posthorn run on, with their ports. */
type Machine = {
  host: string;
  ports: Set<number>;
  addresses: string[];
  askedAt: number;
  /** Ends with the last question, or when it has taken too long. */
  asked: Promise<void>;
};

const YOUNG_MS = 10_000;
/** A name server that hangs must not hold up deliveries to the same port for longer. */
const RESOLVE_WITHIN_MS = 2_000;

export function createOwnServices(servers: OwnServer[] = [], options: OwnServicesOptions = {}): OwnServices {
  const { resolve = systemAddresses, localAddresses = interfaceAddresses } = options;
  const configured = new Set<string>();
  const sharedPorts = new Set<number>();
  const machines: Machine[] = [];

  const add = ({ host: given, port, matchedBy }: OwnServer): void => {
    const host = plainHost(given);
    configured.add(`${host} ${port}`);
    if (matchedBy === 'name') return;
    if (matchedBy === 'host') sharedPorts.add(port);
    const ports = matchedBy === 'host' ? sharedPorts : new Set([port]);
    const addresses = isIP(host) ? [host] : [];
    const asked = Promise.resolve();
    machines.push({ host, ports, addresses, askedAt: Number.NEGATIVE_INFINITY, asked });
  };
  for (const server of servers) add(server);

  const withPort = (port: number): Machine[] => machines.filter(({ ports }) => ports.has(port));
  /** A server of this machine is reached by every address of it, whichever it is configured with. */
  const isLocal = (address: string): boolean => isLoopback(address) || localAddresses().includes(address);
  const isOf = ({ addresses }: Machine, address: string): boolean =>
    addresses.includes(address) || (addresses.some(isLocal) && isLocal(address));

  function refreshOne(machine: Machine): Promise<void> {
    if (isIP(machine.host) || performance.now() - machine.askedAt < YOUNG_MS) return machine.asked;
    machine.askedAt = performance.now();
    machine.asked = ask(machine);
    return machine.asked;
  }
  async function ask(machine: Machine): Promise<void> {
    const found = resolve(machine.host).then(
      (addresses) => {
        machine.addresses = addresses;
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
    includes: (given, port) => {
      const host = plainHost(given);
      if (configured.has(`${host} ${port}`)) return true;
      return isIP(host) > 0 && withPort(port).some((machine) => isOf(machine, host));
    },
    refresh: (port) => {
      const asked = withPort(port);
      return asked.length === 0 ? undefined : Promise.all(asked.map(refreshOne)).then(() => {});
    },
  };
}

/** A name without its last dot, an address in canonical form; localhost is an address, whatever is before it. */
function plainHost(host: string): string {
  const plain = host
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '');
  const family = isIP(plain);
  if (family === 4 || family === 6) return canonicalAddress(plain, family)?.address ?? plain;
  return isLocalhost(plain) ? '127.0.0.1' : plain;
}

/** The unspecified addresses, too: a connection to them ends at this machine. */
const isLoopback = (address: string): boolean =>
  /^127\.|^0\.0\.0\.0$|^::1?$/.test(address) && isIP(address) > 0;

const systemAddresses = async (name: string): Promise<string[]> =>
  (await lookup(name, { all: true })).map(({ address }) => address);

const interfaceAddresses = (): string[] =>
  Object.values(networkInterfaces()).flatMap((addresses) => (addresses ?? []).map(({ address }) => address));
