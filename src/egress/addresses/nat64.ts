import { Resolver } from 'node:dns/promises';
import { isIPv6 } from 'node:net';
import { bitsOfIpv6, dottedIpv4 } from './ipv6.ts';

/** A prefix under which a network writes IPv4 addresses (RFC 6052 section 2.2): its 128 bits, and its length. */
export type TranslationPrefix = { bits: bigint; length: number };

/** What is known of the translation from IPv6 to IPv4 (NAT64) in the network that Posthorn runs in. */
export type Nat64 = {
  /** The IPv4 address that the translator would dial for an IPv6 address under a prefix that may be relied on. */
  translatedIpv4(address: string): string | undefined;
  /** The same under a prefix that DNS alone says is one: what the translator may dial beside the address itself. */
  possibleIpv4(address: string): string | undefined;
  /** Asks DNS for the prefixes of the network; undefined when there is nothing to wait for. */
  discover(): Promise<void> | undefined;
};

export type Nat64Options = {
  /** The operator's own, as CIDRs. */
  prefixes?: string[];
  /** Left out: DNS is not asked. */
  resolve6?: (name: string) => Promise<string[]>;
};

const LENGTHS = [32, 40, 48, 56, 64, 96];

/**
 * Of RFC 6052 and RFC 8215. Elsewhere in 64:ff9b:1::/48 the place of the IPv4 address is known only with the length of
 * the network's prefix: read at the wrong place, a private address would look public.
 */
const WELL_KNOWN = ['64:ff9b::/96', '64:ff9b:1::/96'];
const LOCAL_USE = prefixOf('64:ff9b:1::/48');

/** RFC 7050: a name that has these addresses alone, so that an AAAA record of it shows the prefix of a translator. */
const PROBE = 'ipv4only.arpa';
const PROBE_ADDRESSES = ['192.0.0.170', '192.0.0.171'];
const ASK_AGAIN_AFTER_MS = 10 * 60_000;
const RETRY_AFTER_MS = 30_000;
/** Only the first dial to an IPv6 address waits, and not for a name server that is silent about such a name. */
const WAIT_MS = 1_000;

export function createNat64({ prefixes = [], resolve6 }: Nat64Options = {}): Nat64 {
  const reliable = [...prefixes, ...WELL_KNOWN].map(prefixOf);
  let discovered: TranslationPrefix[] = [];
  let askedAt = Number.NEGATIVE_INFINITY;
  let firstWait: Promise<void> | undefined;

  const under = (candidates: TranslationPrefix[], address: string): string | undefined => {
    const bits = bitsOfIpv6(address);
    const prefix = candidates.find((candidate) => contains(candidate, bits));
    return prefix && dottedIpv4(embeddedAt(bits, prefix.length));
  };
  async function ask(resolve: (name: string) => Promise<string[]>): Promise<void> {
    try {
      discovered = (await resolve(PROBE)).filter(isIPv6).flatMap(prefixShownBy);
    } catch (error) {
      // Without a translator the name has no IPv6 address. Any other failure says nothing: what is known stays.
      if (hasNone(error)) discovered = [];
      else askedAt += ASK_AGAIN_AFTER_MS - RETRY_AFTER_MS;
    }
  }

  return {
    // A prefix that DNS says is in the block for it (RFC 8215) means nothing else: nobody's hosts are there.
    translatedIpv4: (address) =>
      under([...reliable, ...discovered.filter(({ bits }) => contains(LOCAL_USE, bits))], address),
    possibleIpv4: (address) => under(discovered, address),
    discover: () => {
      if (!resolve6) return undefined;
      if (performance.now() - askedAt >= ASK_AGAIN_AFTER_MS) {
        askedAt = performance.now();
        const asked = ask(resolve6);
        // Later answers replace the one that is known while dials go on with it.
        firstWait ??= withinMs(WAIT_MS, asked);
      }
      return firstWait;
    },
  };
}

/** As the system's name servers are now: a resolver keeps those that it was born with. */
export const systemResolve6 = (name: string): Promise<string[]> =>
  new Resolver({ timeout: 2_000, tries: 2 }).resolve6(name);

/** True when `text` is a prefix of a length that RFC 6052 knows, such as 2001:db8:64::/96. */
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

/** RFC 6052 section 2.2: after the prefix, around bits 64 to 71, which are zero. */
function embeddedAt(bits: bigint, length: number): bigint {
  if (length === 96) return bits & 0xffff_ffffn;
  const withoutGap = ((bits >> 64n) << 56n) | (bits & ((1n << 56n) - 1n));
  return (withoutGap >> BigInt(120 - length - 32)) & 0xffff_ffffn;
}

const hasNone = (error: unknown): boolean =>
  ['ENODATA', 'ENOTFOUND'].includes(String((error as { code?: unknown }).code));

/** None where the address of the probe stands at no place, or at several. */
function prefixShownBy(address: string): TranslationPrefix[] {
  const bits = bitsOfIpv6(address);
  const lengths = LENGTHS.filter((length) => PROBE_ADDRESSES.includes(dottedIpv4(embeddedAt(bits, length))));
  return lengths.length === 1 ? lengths.map((length) => ({ bits: bits & maskOf(length), length })) : [];
}

/** True when the IPv6 address holds the IPv4 address at a place where a translator would look for it. */
export const embedsIpv4 = (ipv6: string, ipv4: string): boolean => {
  const bits = bitsOfIpv6(ipv6);
  return LENGTHS.some((length) => dottedIpv4(embeddedAt(bits, length)) === ipv4);
};

async function withinMs(ms: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work, late]).finally(() => clearTimeout(timer));
}
