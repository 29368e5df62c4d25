import { isIP, SocketAddress } from 'node:net';
import { LRUCache } from 'lru-cache';
import { familyOf } from '../target-url.ts';
import type { Lookup } from './lookup.ts';

const MAX_NAMES = 10_000;

type Answer = {
  addresses: Set<string>;
  /** False while the addresses of one family are still on their way. */
  isWhole: boolean;
  askedAt: number;
};

export type AddressTracker = {
  /** Resolves a name and remembers what it answered. */
  lookup: Lookup;
  /** False once the last answer for a name no longer holds the address of a connection that was made to it. */
  isCurrent(host: string, address: string | undefined): boolean;
};

/**
 * Follows receivers that move by DNS although connections to their old address are kept. A name is asked again, beside
 * the requests, when its last answer is older than `askAgainMs`. A failure changes nothing: connections age anyway.
 */
export function createAddressTracker(lookup: Lookup, askAgainMs: number): AddressTracker {
  const answers = new LRUCache<string, Answer>({ max: MAX_NAMES });

  const ask: Lookup = async (host, onIncomplete) => {
    let later: Promise<string[]> | undefined;
    const addresses = await lookup(host, (others) => {
      later = others;
      onIncomplete?.(others);
    });
    const askedAt = performance.now();
    const answer: Answer = { addresses: new Set(addresses.map(canonical)), isWhole: !later, askedAt };
    answers.set(host, answer);
    later?.then(
      (others) => {
        for (const address of others) answer.addresses.add(canonical(address));
        answer.isWhole = true;
      },
      () => {},
    );
    return addresses;
  };

  return {
    lookup: ask,
    isCurrent: (host, address) => {
      const answer = answers.get(host);
      if (!answer || !address || familyOf(host)) return true;
      if (performance.now() - answer.askedAt > askAgainMs) {
        answer.askedAt = performance.now();
        ask(host).catch(() => {});
      }
      return answer.addresses.has(address) || !answer.isWhole;
    },
  };
}

/** As `socket.remoteAddress` writes it: a hosts file may hold ::0001. */
function canonical(address: string): string {
  if (!isIP(address)) return address;
  return new SocketAddress({ address, family: isIP(address) === 6 ? 'ipv6' : 'ipv4' }).address;
}
