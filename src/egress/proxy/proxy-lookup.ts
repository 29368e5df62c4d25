import { lookup as systemLookup } from 'node:dns/promises';
import { isIP } from 'node:net';

const REFRESH_AFTER_MS = 10_000;

/**
 * Returns a lookup for the name of the proxy by getaddrinfo, which applies the search domains that a name such as `squid`
 * needs. getaddrinfo blocks a thread that file reads need as well, so there is one query at a time, and its result is
 * used for 10 s. The last addresses stay while a query runs, and if it fails.
 */
export function createProxyLookup(resolve = systemAddresses): (name: string) => Promise<string[]> {
  let known: string[] | undefined;
  let queriedAt = Number.NEGATIVE_INFINITY;
  let query: Promise<string[]> | undefined;
  const queryAgain = (name: string): Promise<string[]> => {
    query ??= resolve(name)
      .then((addresses) => (known = addresses))
      .finally(() => {
        queriedAt = performance.now();
        query = undefined;
      });
    return query;
  };
  return async (name) => {
    if (isIP(name)) return [name];
    if (!known) return queryAgain(name);
    if (performance.now() - queriedAt > REFRESH_AFTER_MS) queryAgain(name).catch(() => {});
    return known;
  };
}

const systemAddresses = async (name: string): Promise<string[]> =>
  (await systemLookup(name, { all: true })).map(({ address }) => address);
