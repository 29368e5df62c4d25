import { bitsOfIpv6, dottedIpv4 } from './ipv6.ts';

const at = (bits: bigint, first: bigint): string => dottedIpv4((bits >> (96n - first)) & 0xffff_ffffn);

/**
 * The IPv4 addresses to which an IPv6 address may lead through a tunnel that this machine may have, as old transition
 * mechanisms write them: IPv4-compatible (RFC 4291), 6to4 (RFC 3056), Teredo (RFC 4380) and ISATAP (RFC 5214).
 */
export function tunnelledIpv4(address: string): string[] {
  const bits = bitsOfIpv6(address);
  const found: string[] = [];
  if (bits >> 32n === 0n && bits > 1n) found.push(at(bits, 96n));
  if (bits >> 112n === 0x2002n) found.push(at(bits, 16n));
  // The client's address is inverted, so that no translator on the way rewrites it.
  if (bits >> 96n === 0x2001_0000n) found.push(at(bits, 32n), dottedIpv4(~bits & 0xffff_ffffn));
  if (((bits >> 32n) & 0xfcff_ffffn) === 0x5efen) found.push(at(bits, 96n));
  return found;
}
