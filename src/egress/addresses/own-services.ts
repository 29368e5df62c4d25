import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { resolveWithin } from '../deadline.ts';
import { isLocalhost, stripBracketsAndDot } from './host-name.ts';
import { canonicalAddress } from './ipv6.ts';

/** A server that belongs to Posthorn: its API, its metrics, Temporal and its Web UI, Postgres. */
export type OwnServer = {
  /** A name or an address, as configured. */
  host: string;
  port: number;
  /**
   * Which targets count as this server, in addition to the configured host and port:
   * - `address`: every address of the host, at this port.
   * - `host`: every address of the host, at this port and the ports of all other servers with `host`. The Web UI, for
   *   example, may run beside Temporal.
   * - `name`: none. A proxy may serve other hosts at the same address and port and tell them apart by name.
   */
  matchedBy: 'address' | 'host' | 'name';
};

/**
 * Posthorn's own services. They are never targets: they may trust a request from this host more than one from outside.
 */
export type OwnServices = {
  add(server: OwnServer): void;
  /** True for a configured name, or for an address in canonical form that a service was last known to have. */
  includes(host: string, port: number): boolean;
  /** Resolves the names of the services at this port again unless they are recent. Undefined when there are none. */
  refresh(port: number): Promise<void> | undefined;
};

export type OwnServicesOptions = {
  /** Resolves names as the clients of these servers do: by default getaddrinfo, which applies search domains. */
  resolve?: (name: string) => Promise<string[]>;
  localAddresses?: () => string[];
};

type Host = {
  name: string;
  ports: Set<number>;
  addresses: string[];
  queriedAt: number;
  /** Settles when the last query has finished or timed out. */
  query: Promise<void>;
};

const REFRESH_AFTER_MS = 10_000;
/** If a name server hangs, deliveries to the same port wait no longer than this. */
const RESOLVE_TIMEOUT_MS = 2_000;

export function createOwnServices(servers: OwnServer[] = [], options: OwnServicesOptions = {}): OwnServices {
  const { resolve = systemAddresses, localAddresses = interfaceAddresses } = options;
  const configured = new Set<string>();
  const sharedPorts = new Set<number>();
  const hosts: Host[] = [];

  const add = ({ host, port, matchedBy }: OwnServer): void => {
    const name = normalizeHost(host);
    configured.add(`${name} ${port}`);
    if (matchedBy === 'name') return;
    if (matchedBy === 'host') sharedPorts.add(port);
    const ports = matchedBy === 'host' ? sharedPorts : new Set([port]);
    const addresses = isIP(name) ? [name] : [];
    hosts.push({ name, ports, addresses, queriedAt: Number.NEGATIVE_INFINITY, query: Promise.resolve() });
  };
  for (const server of servers) add(server);

  const hostsAt = (port: number): Host[] => hosts.filter(({ ports }) => ports.has(port));
  /** A server on this host can be reached at every local address, whichever one is configured. */
  const isLocal = (address: string): boolean => isLoopback(address) || localAddresses().includes(address);
  const hasAddress = ({ addresses }: Host, address: string): boolean =>
    addresses.includes(address) || (addresses.some(isLocal) && isLocal(address));

  function refreshHost(host: Host): Promise<void> {
    if (isIP(host.name) || performance.now() - host.queriedAt < REFRESH_AFTER_MS) return host.query;
    host.queriedAt = performance.now();
    host.query = resolveWithin(RESOLVE_TIMEOUT_MS, updateAddresses(host));
    return host.query;
  }
  async function updateAddresses(host: Host): Promise<void> {
    try {
      host.addresses = await resolve(host.name);
    } catch {
      // The last known addresses stay: without any, the service could be targeted.
    }
  }

  return {
    add,
    includes: (host, port) => {
      const name = normalizeHost(host);
      if (configured.has(`${name} ${port}`)) return true;
      return isIP(name) > 0 && hostsAt(port).some((candidate) => hasAddress(candidate, name));
    },
    refresh: (port) => {
      const found = hostsAt(port);
      return found.length === 0 ? undefined : Promise.all(found.map(refreshHost)).then(() => {});
    },
  };
}

/** A name in lower case without its final dot, or an address in canonical form. Names of localhost give 127.0.0.1. */
function normalizeHost(host: string): string {
  const plain = stripBracketsAndDot(host.toLowerCase());
  const family = isIP(plain);
  if (family === 4 || family === 6) return canonicalAddress(plain, family)?.address ?? plain;
  return isLocalhost(plain) ? '127.0.0.1' : plain;
}

/** Includes the unspecified addresses: a connection to 0.0.0.0 or :: reaches this host. */
const isLoopback = (address: string): boolean =>
  /^127\.|^0\.0\.0\.0$|^::1?$/.test(address) && isIP(address) > 0;

const systemAddresses = async (name: string): Promise<string[]> =>
  (await lookup(name, { all: true })).map(({ address }) => address);

const interfaceAddresses = (): string[] =>
  Object.values(networkInterfaces()).flatMap((addresses) => (addresses ?? []).map(({ address }) => address));
