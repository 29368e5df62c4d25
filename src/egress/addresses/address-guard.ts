import { BlockList, isIP } from 'node:net';
import { canonicalAddress } from './ipv6.ts';
import { createNat64, type Nat64 } from './nat64.ts';
import { createOwnServices, type OwnServices } from './own-services.ts';
import { tunnelledIpv4 } from './tunnelled-ipv4.ts';

/** Says which addresses may be dialed. Knows nothing of names: those are judged by what they resolve to. */
export type AddressGuard = {
  /** True for a public unicast address, and for one that the operator allowed. */
  allows(address: string, family: 4 | 6): boolean;
  /** True only for an address that the operator allowed (POSTHORN_ALLOW_TARGETS), public or not. */
  exempts(address: string, family: 4 | 6): boolean;
  /** True for a service of Posthorn's own, by name or address: never a target, whatever is allowed. */
  isOwnService(host: string, port: number): boolean;
  /** To be awaited before `isOwn` is asked of an address that is about to be dialed; undefined: nothing to wait for. */
  refreshOwnServices(port: number): Promise<void> | undefined;
  /** The same for `allows` and an IPv6 address: how the network translates to IPv4. */
  discoverNat64(): Promise<void> | undefined;
};

/** IANA special-purpose IPv4 blocks, multicast, reserved, and 168.63.129.16, a cloud's host on every machine of it. */
export const DENIED_IPV4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '168.63.129.16/32',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '192.175.48.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
];

/** IANA special-purpose blocks inside the global unicast block; all outside of it is denied as well. */
export const DENIED_IPV6 = ['2001::/23', '2001:db8::/32', '2002::/16', '2620:4f:8000::/48', '3fff::/20'];
const GLOBAL_UNICAST_IPV6 = '2000::/3';

/**
 * A guard that allows what is public, and what lies in `allowTargets` (CIDRs), but never `own`. An IPv6 address that a
 * translator turns into an IPv4 address (NAT64) is judged by that one alone; where it may be one, by both.
 * @throws Error naming the entry that is not a CIDR
 */
export function createAddressGuard(
  allowTargets: string[],
  own: OwnServices = createOwnServices(),
  nat64: Nat64 = createNat64(),
): AddressGuard {
  const denied4 = networks(4, DENIED_IPV4);
  const denied6 = networks(6, DENIED_IPV6);
  const global6 = networks(6, [GLOBAL_UNICAST_IPV6]);
  const isIpv6 = (cidr: string): boolean => cidr.includes(':');
  const exempt4 = networks(
    4,
    allowTargets.filter((cidr) => !isIpv6(cidr)),
  );
  const exempt6 = networks(6, allowTargets.filter(isIpv6));

  const allowsIpv4 = (address: string): boolean =>
    !denied4.check(address, 'ipv4') || exempt4.check(address, 'ipv4');
  const allowsIpv6 = (address: string): boolean => {
    const translated = nat64.translatedIpv4(address);
    if (translated) return allowsIpv4(translated);
    const inside = [nat64.possibleIpv4(address) ?? [], tunnelledIpv4(address)].flat();
    const isPublic = global6.check(address, 'ipv6') && !denied6.check(address, 'ipv6');
    return (isPublic || exempt6.check(address, 'ipv6')) && inside.every(allowsIpv4);
  };

  return {
    exempts: (address, family) => {
      const known = canonicalAddress(address, family);
      if (!known) return false;
      return known.family === 4
        ? exempt4.check(known.address, 'ipv4')
        : exempt6.check(known.address, 'ipv6') && allowsIpv6(known.address);
    },
    allows: (address, family) => {
      const known = canonicalAddress(address, family);
      if (!known) return false;
      return known.family === 4 ? allowsIpv4(known.address) : allowsIpv6(known.address);
    },
    isOwnService: (host, port) => {
      const family = isIP(host);
      const known = family === 4 || family === 6 ? canonicalAddress(host, family) : undefined;
      if (!known) return own.includes(host, port);
      const inside =
        known.family === 6
          ? (nat64.translatedIpv4(known.address) ?? nat64.possibleIpv4(known.address))
          : undefined;
      return own.includes(known.address, port) || (inside !== undefined && own.includes(inside, port));
    },
    refreshOwnServices: own.refresh,
    discoverNat64: nat64.discover,
  };
}

/** One list for each family: in a common one the rule `::/8` would match every IPv4 address. */
function networks(family: 4 | 6, cidrs: string[]): BlockList {
  const list = new BlockList();
  for (const cidr of cidrs) {
    const [network = '', prefix = '', ...rest] = cidr.split('/');
    const bits = Number(prefix);
    const isPrefix = /^\d{1,3}$/.test(prefix) && bits <= (family === 4 ? 32 : 128);
    if (rest.length > 0 || isIP(network) !== family || network.includes('%') || !isPrefix) {
      throw new Error(`"${cidr}" is not a network in CIDR form, such as 10.0.0.0/8 or fd00::/8`);
    }
    list.addSubnet(network, bits, family === 4 ? 'ipv4' : 'ipv6');
  }
  return list;
}
