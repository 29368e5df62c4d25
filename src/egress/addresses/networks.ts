import { BlockList, isIP } from 'node:net';

/**
 * A list of the networks of one family. Each family needs its own: in a shared list, the rule `::/8` would match every
 * IPv4 address.
 * @throws Error that names the entry that is not a CIDR of this family
 */
export function networks(family: 4 | 6, cidrs: string[]): BlockList {
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
