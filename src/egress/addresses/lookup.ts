import { Resolver } from 'node:dns/promises';
import { isLocalhost } from './host-name.ts';
import { createHostsFileLookup } from './hosts-file.ts';

/**
 * The addresses of a name, in the order in which to dial them. Rejects with an error that has a `code`. Where the other
 * family's answer is still on its way, `onIncomplete` is told of it first; it is empty when none comes.
 */
export type Lookup = (name: string, onIncomplete?: (later: Promise<string[]>) => void) => Promise<string[]>;

type Found = { addresses: string[]; later?: Promise<string[]> };

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
  const { hosts = createHostsFileLookup(), nameServers, queryTimeoutMs = 2_000 } = options;
  const underWay = new Map<string, Promise<Found>>();
  const newResolver = (): Resolver => {
    const resolver = new Resolver({ timeout: queryTimeoutMs, tries: 2 });
    if (nameServers) resolver.setServers(nameServers);
    return resolver;
  };
  let resolver = newResolver();
  let bornAt = performance.now();

  const fromNameServers = async (name: string): Promise<Found> => {
    if (performance.now() - bornAt > RESOLVER_LIFE_MS) {
      resolver = newResolver();
      bornAt = performance.now();
    }
    return bothFamilies(resolver.resolve4(name), resolver.resolve6(name));
  };
  const find = async (name: string): Promise<Found> => {
    if (isLocalhost(name)) return { addresses: ['127.0.0.1', '::1'] }; // RFC 6761 section 6.3
    const local = await hosts(name);
    return local.length > 0 ? { addresses: local } : fromNameServers(name);
  };
  const findOnce = (name: string): Promise<Found> => {
    const present = underWay.get(name);
    if (present) return present;
    const asked = find(name).finally(() => underWay.delete(name));
    underWay.set(name, asked);
    return asked;
  };
  return async (name, onIncomplete) => {
    const { addresses, later } = await findOnce(name);
    if (later) onIncomplete?.(later);
    return addresses;
  };
}

/**
 * What both say, IPv4 first. When one fails or lags, what the other says: a name server that is silent about one family
 * must not hold up the other, and an address without a route must not be all there is because its answer came first.
 */
async function bothFamilies(v4: Promise<string[]>, v6: Promise<string[]>): Promise<Found> {
  const found: { v4?: string[]; v6?: string[] } = {};
  const first = v4.then((addresses) => (found.v4 = addresses));
  const second = v6.then((addresses) => (found.v6 = addresses));
  let settled = false;
  const all = Promise.allSettled([first, second]).then(() => (settled = true));
  await Promise.any([first, second]).catch(({ errors }: AggregateError) => {
    throw failureOfBoth(errors);
  });
  await Promise.race([all, new Promise((resolve) => setTimeout(resolve, RESOLUTION_DELAY_MS))]);
  const addresses = [...(found.v4 ?? []), ...(found.v6 ?? [])];
  const lagging = found.v4 ? second : first;
  return settled ? { addresses } : { addresses, later: lagging.catch(() => []) };
}

/** A name that does not exist has no address of either family; one without an address may have one of the other. */
function failureOfBoth(errors: unknown[]): unknown {
  const hasCode = (code: string) => (error: unknown) => (error as { code?: unknown }).code === code;
  return errors.find(hasCode('ENOTFOUND')) ?? errors.find((error) => !hasCode('ENODATA')(error)) ?? errors[0];
}
