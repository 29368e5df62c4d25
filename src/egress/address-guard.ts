import { BlockList, isIP, SocketAddress } from 'node:net';
import { createOwnServices, type OwnServices } from './own-services.ts';

/** Says which addresses may be dialed. Knows nothing of names: those are judged by what they resolve to. */
export type AddressGuard = {
  /** True for a public unicast address, and for one that the operator allowed. */
  allows(address: string, family: 4 | 6): boolean;
  /** True only for an address that the operator allowed (POSTHORN_ALLOW_TARGETS), public or not. */
  exempts(address: string, family: 4 | 6): boolean;
  /** True for a service of Posthorn's own, by name or address: never a target, whatever is allowed. */
  isOwn(host: string, port: number): boolean;
  /** To be awaited before `isOwn` is asked of an address that is about to be dialed. */
  learnOwn(port: number): Promise<void>;
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
 * A guard that allows what is public, and what lies in `allowTargets` (CIDRs), but never `own`.
 * @throws Error naming the entry that is not a CIDR
 */
export function createAddressGuard(
  allowTargets: string[],
  own: OwnServices = createOwnServices(),
): AddressGuard {
  const denied4 = networks(4, DENIED_IPV4);
  const denied6 = networks(6, DENIED_IPV6);
  const global6 = networks(6, [GLOBAL_UNICAST_IPV6]);
  const exempt4 = networks(
    4,
    allowTargets.filter((cidr) => !cidr.includes(':')),
  );
  const exempt6 = networks(
    6,
    allowTargets.filter((cidr) => cidr.includes(':')),
  );

  const exempts = (address: string, family: 4 | 6): boolean => {
    const known = unmapped(address, family);
    if (!known) return false;
    return known.family === 4 ? exempt4.check(known.address, 'ipv4') : exempt6.check(known.address, 'ipv6');
  };
  const isPublic = (address: string, family: 4 | 6): boolean => {
    const known = unmapped(address, family);
    if (!known) return false;
    if (known.family === 4) return !denied4.check(known.address, 'ipv4');
    return global6.check(known.address, 'ipv6') && !denied6.check(known.address, 'ipv6');
  };
  return {
    exempts,
    allows: (address, family) => isPublic(address, family) || exempts(address, family),
    isOwn: (host, port) => {
      const family = isIP(host);
      const known = family === 4 || family === 6 ? unmapped(host, family) : undefined;
      return own.includes(known?.address ?? host, port);
    },
    learnOwn: own.refresh,
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

/** The address as the kernel would dial it: `::ffff:127.0.0.1` is 127.0.0.1. Undefined when it is no address. */
function unmapped(address: string, family: 4 | 6): { address: string; family: 4 | 6 } | undefined {
  if (isIP(address) !== family) return undefined;
  if (family === 4) return { address, family };
  // A zone (fe80::1%eth0) names an interface of ours: no receiver is reached through one.
  if (address.includes('%')) return undefined;
  const canonical = new SocketAddress({ address, family: 'ipv6' }).address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(canonical)?.[1];
  return mapped ? { address: mapped, family: 4 } : { address: canonical, family };
}
