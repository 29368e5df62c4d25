import { isIP } from 'node:net';
import { canonicalAddress } from './ipv6.ts';
import { createNat64, type Nat64 } from './nat64.ts';
import { networks } from './networks.ts';
import { createOwnServices, type OwnServices } from './own-services.ts';
import type { PortRange } from './ports.ts';
import { tunnelledIpv4 } from './tunnelled-ipv4.ts';

/** Decides which addresses may be dialed. It does not check names: it checks the addresses that they resolve to. */
export type AddressGuard = {
  /** True for a public unicast address or one that the operator allowed. */
  allows(address: string, family: 4 | 6): boolean;
  /** True only for an address that the operator allowed (POSTHORN_ALLOW_TARGETS), public or not. */
  exempts(address: string, family: 4 | 6): boolean;
  /** False for a port that the operator did not allow (POSTHORN_ALLOW_PORTS), at any address. */
  allowsPort(port: number): boolean;
  /**
   * True for one of Posthorn's own services, by name or address. It is never a target, whatever the operator allows.
   */
  isOwnService(host: string, port: number): boolean;
  /** Refreshes the addresses that `isOwnService` compares; await it before each dial. Undefined if no own service uses the port or nothing is due. */
  refreshOwnServices(port: number): Promise<void> | undefined;
  /** Discovers the NAT64 prefixes of the network; await it before calling `allows` with an IPv6 address. */
  discoverNat64(): Promise<void> | undefined;
};

/** IANA special-purpose IPv4 blocks, multicast, reserved blocks, and 168.63.129.16, which Azure serves to every VM. */
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

/** IANA special-purpose blocks inside the global unicast block. Everything outside that block is denied as well. */
export const DENIED_IPV6 = ['2001::/23', '2001:db8::/32', '2002::/16', '2620:4f:8000::/48', '3fff::/20'];
const GLOBAL_UNICAST_IPV6 = '2000::/3';

/**
 * Returns a guard that allows public addresses and those in `allowTargets` (CIDRs), but never `own` services. If NAT64
 * translates an IPv6 address to IPv4, only the IPv4 address is checked. If NAT64 may translate it, both are checked.
 * Without `allowPorts`, every port is allowed.
 * @throws Error that names the entry of `allowTargets` that is not a CIDR
 */
export function createAddressGuard(
  allowTargets: string[],
  own: OwnServices = createOwnServices(),
  nat64: Nat64 = createNat64(),
  allowPorts?: PortRange[],
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
    const embedded = [nat64.possibleIpv4(address) ?? [], tunnelledIpv4(address)].flat();
    const isPublic = global6.check(address, 'ipv6') && !denied6.check(address, 'ipv6');
    return (isPublic || exempt6.check(address, 'ipv6')) && embedded.every(allowsIpv4);
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
    allowsPort: (port) => allowPorts?.some(({ first, last }) => port >= first && port <= last) ?? true,
    isOwnService: (host, port) => {
      const family = isIP(host);
      const known = family === 4 || family === 6 ? canonicalAddress(host, family) : undefined;
      if (!known) return own.includes(host, port);
      const embedded =
        known.family === 6
          ? (nat64.translatedIpv4(known.address) ?? nat64.possibleIpv4(known.address))
          : undefined;
      return own.includes(known.address, port) || (embedded !== undefined && own.includes(embedded, port));
    },
    refreshOwnServices: own.refresh,
    discoverNat64: nat64.discover,
  };
}
