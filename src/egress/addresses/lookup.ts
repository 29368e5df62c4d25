import { Resolver } from 'node:dns/promises';
import { isLocalhost } from './host-name.ts';
import { createHostsFileLookup } from './hosts-file.ts';

/**
 * The addresses of a name, in the order in which to dial them. Rejects with an error that has a `code`. If the addresses
 * of the other family are still pending, `onIncomplete` is called with a promise for them before this resolves. That
 * promise never rejects: it resolves to an empty array when there are none.
 */
export type Lookup = (name: string, onIncomplete?: (later: Promise<string[]>) => void) => Promise<string[]>;

type LookupResult = { addresses: string[]; later?: Promise<string[]> };

export type LookupOptions = {
  hosts?: (name: string) => Promise<string[]>;
  /** As `address:port`; the system's name servers by default. */
  nameServers?: string[];
  /** Timeout of the first of two tries, in milliseconds; the second try waits longer. */
  queryTimeoutMs?: number;
};

/** A resolver never re-reads the system's name servers, so it is replaced to notice a change of network. */
const RESOLVER_MAX_AGE_MS = 30_000;
/** RFC 8305 section 3: how long to wait for the other family after the first result. */
const RESOLUTION_DELAY_MS = 50;

/**
 * Returns a lookup that queries the name servers directly. getaddrinfo (dns.lookup) would block one of libuv's four
 * threads for each name that hangs: four dead names would stop every lookup and file read in the process. Of what
 * getaddrinfo adds, webhooks need the hosts file and localhost, which are handled here. Search domains are not applied:
 * every name is absolute. Results are not cached, so a result is never older than the dial. Concurrent lookups of one
 * name share a query.
 */
export function createLookup(options: LookupOptions = {}): Lookup {
  const { hosts = createHostsFileLookup(), nameServers, queryTimeoutMs = 2_000 } = options;
  const inFlight = new Map<string, Promise<LookupResult>>();
  const newResolver = (): Resolver => {
    const resolver = new Resolver({ timeout: queryTimeoutMs, tries: 2 });
    if (nameServers) resolver.setServers(nameServers);
    return resolver;
  };
  let resolver = newResolver();
  let createdAt = performance.now();

  const queryNameServers = async (name: string): Promise<LookupResult> => {
    if (performance.now() - createdAt > RESOLVER_MAX_AGE_MS) {
      resolver = newResolver();
      createdAt = performance.now();
    }
    return mergeFamilies(resolver.resolve4(name), resolver.resolve6(name));
  };
  const resolveName = async (name: string): Promise<LookupResult> => {
    if (isLocalhost(name)) return { addresses: ['127.0.0.1', '::1'] }; // RFC 6761 section 6.3
    const local = await hosts(name);
    return local.length > 0 ? { addresses: local } : queryNameServers(name);
  };
  const resolveOnce = (name: string): Promise<LookupResult> => {
    const pending = inFlight.get(name);
    if (pending) return pending;
    const query = resolveName(name).finally(() => inFlight.delete(name));
    inFlight.set(name, query);
    return query;
  };
  return async (name, onIncomplete) => {
    const { addresses, later } = await resolveOnce(name);
    if (later) onIncomplete?.(later);
    return addresses;
  };
}

/**
 * The addresses of both families, IPv4 first. If one family fails or is late, those of the other: a name server that
 * never responds for one family must not block the other. The late family is still returned as `later`, because the
 * addresses that came first may have no route.
 */
async function mergeFamilies(v4: Promise<string[]>, v6: Promise<string[]>): Promise<LookupResult> {
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
  const late = found.v4 ? second : first;
  return settled ? { addresses } : { addresses, later: late.catch(() => []) };
}

/** ENOTFOUND holds for both families. ENODATA holds for one only, so the error of the other family explains more. */
function failureOfBoth(errors: unknown[]): unknown {
  const hasCode = (code: string) => (error: unknown) => (error as { code?: unknown }).code === code;
  return errors.find(hasCode('ENOTFOUND')) ?? errors.find((error) => !hasCode('ENODATA')(error)) ?? errors[0];
}
