import { isIP, SocketAddress } from 'node:net';

/**
 * The address that the kernel would dial: `::ffff:127.0.0.1` is 127.0.0.1. Undefined when it is not a valid address.
 */
export function canonicalAddress(
  address: string,
  family: 4 | 6,
): { address: string; family: 4 | 6 } | undefined {
  if (isIP(address) !== family) return undefined;
  if (family === 4) return { address, family };
  // A zone (fe80::1%eth0) names an interface of this host: no receiver is addressed that way.
  if (address.includes('%')) return undefined;
  const canonical = new SocketAddress({ address, family: 'ipv6' }).address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(canonical)?.[1];
  return mapped ? { address: mapped, family: 4 } : { address: canonical, family };
}

/** The 128 bits of an IPv6 address, without its zone (`%eth0`). */
export function bitsOfIpv6(address: string): bigint {
  const hex = address.replace(/%.*/, '').replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...bytes: string[]) => {
    const [a, b, c, d] = bytes.slice(0, 4).map((byte) => Number(byte).toString(16).padStart(2, '0'));
    return `${a}${b}:${c}${d}`;
  });
  const [head = '', tail] = hex.split('::');
  const groupsOf = (text: string): string[] => text.split(':').filter(Boolean);
  const before = groupsOf(head);
  const after = groupsOf(tail ?? '');
  const zeros = Array<string>(8 - before.length - after.length).fill('0');
  const groups = [...before, ...zeros, ...after].map((group) => group.padStart(4, '0'));
  return BigInt(`0x${groups.join('')}`);
}

export const dottedIpv4 = (bits: bigint): string =>
  [24n, 16n, 8n, 0n].map((shift) => (bits >> shift) & 255n).join('.');
