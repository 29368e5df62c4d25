import { Resolver } from 'node:dns/promises';
import { isIPv6 } from 'node:net';
import { resolveWithin } from '../deadline.ts';
import { bitsOfIpv6, dottedIpv4 } from './ipv6.ts';

/**
 * An IPv6 prefix under which a network embeds IPv4 addresses (RFC 6052 section 2.2): 128 bits and the prefix length.
 */
export type TranslationPrefix = { bits: bigint; length: number };

/** What is known about NAT64, the translation from IPv6 to IPv4, in the network in which Posthorn runs. */
export type Nat64 = {
  /** The IPv4 address to which NAT64 translates an IPv6 address; undefined unless its prefix is known for certain. */
  translatedIpv4(address: string): string | undefined;
  /** The IPv4 address to which NAT64 may translate an IPv6 address: only DNS says that the prefix is used for NAT64. */
  possibleIpv4(address: string): string | undefined;
  /** Queries DNS for the prefixes of the network. Undefined when there is nothing to wait for. */
  discover(): Promise<void> | undefined;
};

export type Nat64Options = {
  /** Prefixes that the operator configured, as CIDRs. */
  prefixes?: string[];
  /** If omitted, DNS is not queried. */
  resolve6?: (name: string) => Promise<string[]>;
};

const LENGTHS = [32, 40, 48, 56, 64, 96];

/**
 * From RFC 6052 and RFC 8215. In the rest of 64:ff9b:1::/48 the position of the IPv4 address depends on the length of the
 * network's prefix. Read at the wrong position, a private address could look public.
 */
const WELL_KNOWN = ['64:ff9b::/96', '64:ff9b:1::/96'];
const LOCAL_USE = prefixOf('64:ff9b:1::/48');

/** RFC 7050: this name has only these IPv4 addresses, so an AAAA record for it reveals the NAT64 prefix. */
const PROBE = 'ipv4only.arpa';
const PROBE_ADDRESSES = ['192.0.0.170', '192.0.0.171'];
const REFRESH_AFTER_MS = 10 * 60_000;
const RETRY_AFTER_MS = 30_000;
/** Only dials before the first result wait, and no longer than this if the name server does not respond. */
const FIRST_QUERY_TIMEOUT_MS = 1_000;

export function createNat64({ prefixes = [], resolve6 }: Nat64Options = {}): Nat64 {
  const reliable = [...prefixes, ...WELL_KNOWN].map(prefixOf);
  let discovered: TranslationPrefix[] = [];
  let queriedAt = Number.NEGATIVE_INFINITY;
  let firstWait: Promise<void> | undefined;

  const ipv4Under = (candidates: TranslationPrefix[], address: string): string | undefined => {
    const bits = bitsOfIpv6(address);
    const prefix = candidates.find((candidate) => contains(candidate, bits));
    return prefix && dottedIpv4(embeddedAt(bits, prefix.length));
  };
  async function query(resolve: (name: string) => Promise<string[]>): Promise<void> {
    try {
      discovered = (await resolve(PROBE)).filter(isIPv6).flatMap(prefixFrom);
    } catch (error) {
      // Without NAT64 the name has no IPv6 address. Any other failure says nothing, so the known prefixes stay.
      if (hasNoAddress(error)) discovered = [];
      else queriedAt += REFRESH_AFTER_MS - RETRY_AFTER_MS;
    }
  }

  return {
    // RFC 8215 reserves this block for NAT64: a discovered prefix inside it cannot belong to ordinary hosts.
    translatedIpv4: (address) =>
      ipv4Under([...reliable, ...discovered.filter(({ bits }) => contains(LOCAL_USE, bits))], address),
    possibleIpv4: (address) => ipv4Under(discovered, address),
    discover: () => {
      if (!resolve6) return undefined;
      if (performance.now() - queriedAt >= REFRESH_AFTER_MS) {
        queriedAt = performance.now();
        const result = query(resolve6);
        // Later queries run in the background: dials use the prefixes known so far.
        firstWait ??= resolveWithin(FIRST_QUERY_TIMEOUT_MS, result);
      }
      return firstWait;
    },
  };
}

/** Creates a resolver for each query: a resolver never re-reads the system's name servers. */
export const systemResolve6 = (name: string): Promise<string[]> =>
  new Resolver({ timeout: 2_000, tries: 2 }).resolve6(name);

/** True when `text` is a prefix of a length that RFC 6052 allows, such as 2001:db8:64::/96. */
export function isTranslationPrefix(text: string): boolean {
  const [network = '', length = '', ...rest] = text.split('/');
  if (rest.length > 0 || !isIPv6(network) || network.includes('%') || !LENGTHS.includes(Number(length)))
    return false;
  const prefix = prefixOf(text);
  return prefix.bits === (prefix.bits & maskOf(prefix.length));
}

function prefixOf(cidr: string): TranslationPrefix {
  const [network = '', length = ''] = cidr.split('/');
  return { bits: bitsOfIpv6(network), length: Number(length) };
}

const maskOf = (length: number): bigint => ((1n << BigInt(length)) - 1n) << BigInt(128 - length);
const contains = ({ bits, length }: TranslationPrefix, address: bigint): boolean =>
  (address & maskOf(length)) === (bits & maskOf(length));

/** RFC 6052 section 2.2: the IPv4 address follows the prefix and skips bits 64 to 71, which are zero. */
function embeddedAt(bits: bigint, length: number): bigint {
  if (length === 96) return bits & 0xffff_ffffn;
  const withoutGap = ((bits >> 64n) << 56n) | (bits & ((1n << 56n) - 1n));
  return (withoutGap >> BigInt(120 - length - 32)) & 0xffff_ffffn;
}

const hasNoAddress = (error: unknown): boolean =>
  ['ENODATA', 'ENOTFOUND'].includes(String((error as { code?: unknown }).code));

/** The prefix of an address of the probe name; empty when the IPv4 address is found at no position or at several. */
function prefixFrom(address: string): TranslationPrefix[] {
  const bits = bitsOfIpv6(address);
  const lengths = LENGTHS.filter((length) => PROBE_ADDRESSES.includes(dottedIpv4(embeddedAt(bits, length))));
  return lengths.length === 1 ? lengths.map((length) => ({ bits: bits & maskOf(length), length })) : [];
}

/** True when the IPv6 address contains the IPv4 address at a position that NAT64 uses. */
export const embedsIpv4 = (ipv6: string, ipv4: string): boolean => {
  const bits = bitsOfIpv6(ipv6);
  return LENGTHS.some((length) => dottedIpv4(embeddedAt(bits, length)) === ipv4);
};
