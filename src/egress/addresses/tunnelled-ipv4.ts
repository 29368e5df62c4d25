import { bitsOfIpv6, dottedIpv4 } from './ipv6.ts';

const ipv4At = (bits: bigint, first: bigint): string => dottedIpv4((bits >> (96n - first)) & 0xffff_ffffn);

/**
 * The IPv4 addresses embedded in an IPv6 address. A tunnel on this host could forward packets to them, so they must be
 * allowed too. Covers IPv4-compatible (RFC 4291), 6to4 (RFC 3056), Teredo (RFC 4380) and ISATAP (RFC 5214) addresses.
 */
export function tunnelledIpv4(address: string): string[] {
  const bits = bitsOfIpv6(address);
  const found: string[] = [];
  if (bits >> 32n === 0n && bits > 1n) found.push(ipv4At(bits, 96n));
  if (bits >> 112n === 0x2002n) found.push(ipv4At(bits, 16n));
  // Teredo inverts the bits of the client's address so that no NAT on the way rewrites it.
  if (bits >> 96n === 0x2001_0000n) found.push(ipv4At(bits, 32n), dottedIpv4(~bits & 0xffff_ffffn));
  if (((bits >> 32n) & 0xfcff_ffffn) === 0x5efen) found.push(ipv4At(bits, 96n));
  return found;
}
