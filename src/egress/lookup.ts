import { Resolver } from 'node:dns/promises';
import { hostsFile } from './hosts-file.ts';
import { isLocalhost } from './target-url.ts';

/** The addresses of a name, in the order in which to dial them. Rejects with an error that has a `code`. */
export type Lookup = (name: string) => Promise<string[]>;

export type LookupOptions = {
  hosts?: (name: string) => Promise<string[]>;
  /** The system's when left out; `address:port`. */
  nameServers?: string[];
  /** How long the first of two tries waits, in milliseconds; the second waits longer. */
  queryTimeoutMs?: number;
};

/** A resolver keeps the name servers it was born with: a new one is made so that a change of network is noticed. */
const RESOLVER_LIFE_MS = 30_000;
/** RFC 8305 section 3: how long the other family may lag behind the first answer. */
const RESOLUTION_DELAY_MS = 50;

/**
 * Asks the name servers directly. getaddrinfo (dns.lookup) would occupy one of libuv's four threads for each name that
 * hangs: four dead names and no endpoint would be resolved any more, nor a file read. What getaddrinfo adds is done
 * here as far as webhooks need it: the hosts file and localhost. Search domains are not applied: a name is absolute.
 * Nothing is cached, so that an answer is never older than the dial; equal names that are under way are asked once.
 */
export function createLookup(options: LookupOptions = {}): Lookup {
  const { hosts = hostsFile(), nameServers, queryTimeoutMs = 2_000 } = options;
  const underWay = new Map<string, Promise<string[]>>();
  const newResolver = (): Resolver => {
    const resolver = new Resolver({ timeout: queryTimeoutMs, tries: 2 });
    if (nameServers) resolver.setServers(nameServers);
    return resolver;
  };
  let resolver = newResolver();
  let bornAt = performance.now();

  const fromNameServers = async (name: string): Promise<string[]> => {
    if (performance.now() - bornAt > RESOLVER_LIFE_MS) {
      resolver = newResolver();
      bornAt = performance.now();
    }
    return bothFamilies(resolver.resolve4(name), resolver.resolve6(name));
  };
  const find = async (name: string): Promise<string[]> => {
    if (isLocalhost(name)) return ['127.0.0.1', '::1']; // RFC 6761 section 6.3
    const local = await hosts(name);
    return local.length > 0 ? local : fromNameServers(name);
  };
  return (name) => {
    const present = underWay.get(name);
    if (present) return present;
    const asked = find(name).finally(() => underWay.delete(name));
    underWay.set(name, asked);
    return asked;
  };
}

/** What both say, IPv4 first; what one says when the other fails or lags; the failure of IPv4 when both fail. */
async function bothFamilies(v4: Promise<string[]>, v6: Promise<string[]>): Promise<string[]> {
  const found: { v4: string[]; v6: string[] } = { v4: [], v6: [] };
  const first = v4.then((addresses) => (found.v4 = addresses));
  const second = v6.then((addresses) => (found.v6 = addresses));
  const all = Promise.allSettled([first, second]);
  await Promise.any([first, second]).catch((failures: AggregateError) => {
    throw failures.errors[0];
  });
  await Promise.race([all, new Promise((resolve) => setTimeout(resolve, RESOLUTION_DELAY_MS))]);
  return [...found.v4, ...found.v6];
}
