import { isIP, SocketAddress } from 'node:net';
import { LRUCache } from 'lru-cache';
import { familyOf } from '../target-url.ts';
import type { Lookup } from './lookup.ts';

const MAX_NAMES = 10_000;

type LookupResult = {
  addresses: Set<string>;
  /** False while the addresses of one family are still pending. */
  isComplete: boolean;
  queriedAt: number;
};

export type AddressTracker = {
  /** Resolves a name and remembers the result. */
  lookup: Lookup;
  /** False when the last result for a name no longer contains the address of a connection to it. */
  isCurrent(host: string, address: string | undefined): boolean;
};

/**
 * Detects when a receiver moves to another address in DNS; otherwise kept connections would go on to the old one. When
 * the result for a name is older than `refreshMs` milliseconds, the name is resolved again in the background. If that
 * fails, the old result stays: connections have a maximum age anyway.
 */
export function createAddressTracker(lookup: Lookup, refreshMs: number): AddressTracker {
  const results = new LRUCache<string, LookupResult>({ max: MAX_NAMES });

  const resolve: Lookup = async (host, onIncomplete) => {
    let later: Promise<string[]> | undefined;
    const addresses = await lookup(host, (others) => {
      later = others;
      onIncomplete?.(others);
    });
    const queriedAt = performance.now();
    const result: LookupResult = {
      addresses: new Set(addresses.map(inSocketNotation)),
      isComplete: !later,
      queriedAt,
    };
    results.set(host, result);
    later?.then(
      (others) => {
        for (const address of others) result.addresses.add(inSocketNotation(address));
        result.isComplete = true;
      },
      () => {},
    );
    return addresses;
  };

  return {
    lookup: resolve,
    isCurrent: (host, address) => {
      const result = results.get(host);
      if (!result || !address || familyOf(host)) return true;
      if (performance.now() - result.queriedAt > refreshMs) {
        result.queriedAt = performance.now();
        resolve(host).catch(() => {});
      }
      return result.addresses.has(address) || !result.isComplete;
    },
  };
}

/** An address in the notation of `socket.remoteAddress`: a hosts file may contain ::0001, which would never match. */
export function inSocketNotation(address: string): string {
  if (!isIP(address)) return address;
  return new SocketAddress({ address, family: isIP(address) === 6 ? 'ipv6' : 'ipv4' }).address;
}
