import fc from 'fast-check';
import { createAddressGuard, DENIED_IPV4, DENIED_IPV6 } from '../../../src/egress/addresses/address-guard.ts';
import { hostOf, parseTargetUrl } from '../../../src/egress/target-url.ts';

const guard = createAddressGuard([]);
const RULES = { httpsOnly: false, publicOnly: true };

const dotted = (address: number): string =>
  [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.');
const numberOf = (address: string): number =>
  address.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0);

/** First and last address of a block. */
const rangeOf = (cidr: string): [number, number] => {
  const [network, bits] = cidr.split('/') as [string, string];
  const first = numberOf(network);
  return [first, first + 2 ** (32 - Number(bits)) - 1];
};
const deniedRanges = DENIED_IPV4.map(rangeOf);
const inDeniedBlock = fc
  .constantFrom(...deniedRanges)
  .chain(([first, last]) => fc.oneof(fc.constantFrom(first, last), fc.integer({ min: first, max: last })));
const outsideOfThem = fc
  .integer({ min: 0, max: 2 ** 32 - 1 })
  .filter((address) => deniedRanges.every(([first, last]) => address < first || address > last));

/** The notations of an IPv4 address in a URL. */
const notations: ((address: number) => string)[] = [
  dotted,
  (a) => String(a),
  (a) => `0x${a.toString(16)}`,
  (a) => `0${a.toString(8)}`,
  (a) =>
    dotted(a)
      .split('.')
      .map((byte) => `0x${Number(byte).toString(16)}`)
      .join('.'),
  (a) =>
    dotted(a)
      .split('.')
      .map((byte) => `0${Number(byte).toString(8)}`)
      .join('.'),
  (a) => `${a >>> 24}.${a & 0xffffff}`,
  (a) => `${a >>> 24}.${(a >>> 16) & 255}.${a & 0xffff}`,
  (a) => `${dotted(a)}.`,
  (a) => dotted(a).replace(/[0-9]/g, (digit) => String.fromCodePoint(0xff10 + Number(digit))),
  (a) => dotted(a).replaceAll('.', '。'),
  (a) => dotted(a).replace(/[0-9]/g, (digit) => `%3${digit}`),
  (a) => `[::ffff:${dotted(a)}]`,
  (a) => `[::ffff:${(a >>> 16).toString(16)}:${(a & 0xffff).toString(16)}]`,
  (a) => `[0:0:0:0:0:FFFF:${dotted(a)}]`,
];

test('every address of every denied IPv4 block is denied, in every notation that a URL has', () => {
  fc.assert(
    fc.property(inDeniedBlock, fc.constantFrom(...notations), (address, notation) => {
      const text = `https://${notation(address)}/hook`;
      expect(guard.allows(dotted(address), 4)).toBe(false);
      expect(parseTargetUrl(text, RULES, guard)).toMatchObject({ code: 'url_address_not_allowed' });
    }),
    { numRuns: 2_000 },
  );
});

test('every other IPv4 address is allowed, in every notation that a URL has', () => {
  fc.assert(
    fc.property(outsideOfThem, fc.constantFrom(...notations), (address, notation) => {
      expect(guard.allows(dotted(address), 4)).toBe(true);
      expect(parseTargetUrl(`https://${notation(address)}/hook`, RULES, guard)).toBeInstanceOf(URL);
    }),
    { numRuns: 2_000 },
  );
});

/** An address of an IPv6 block: its fixed bits, and arbitrary others. */
const inIpv6Block = (cidr: string) => {
  const [network, bits] = cidr.split('/') as [string, string];
  const groups = hostOf(new URL(`http://[${network}]`)).split('::');
  const head = groups[0]!
    .split(':')
    .filter(Boolean)
    .map((group) => Number.parseInt(group, 16));
  const fixed = BigInt(
    `0x${[...head, ...Array(8 - head.length).fill(0)].map((group: number) => group.toString(16).padStart(4, '0')).join('')}`,
  );
  const free = 128n - BigInt(bits);
  return fc.bigInt({ min: 0n, max: 2n ** free - 1n }).map((rest) => ipv6(fixed | rest));
};
const ipv6 = (value: bigint): string => value.toString(16).padStart(32, '0').match(/.{4}/g)!.join(':');

test('every address of every denied IPv6 block, and every one outside of 2000::/3, is denied', () => {
  const outside = fc
    .bigInt({ min: 0n, max: 2n ** 128n - 1n })
    .filter((value) => value >> 125n !== 1n && value >> 32n !== 0xffffn);
  fc.assert(
    fc.property(fc.oneof(...DENIED_IPV6.map(inIpv6Block), outside.map(ipv6)), (address) => {
      expect(guard.allows(address, 6)).toBe(false);
      expect(parseTargetUrl(`https://[${address}]/`, RULES, guard)).toMatchObject({
        code: 'url_address_not_allowed',
      });
    }),
    { numRuns: 1_000 },
  );
});

const anyIpv4 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const hexOf = (address: number): string =>
  `${(address >>> 16).toString(16)}:${(address & 0xffff).toString(16)}`;

test('an address under a NAT64 prefix is allowed or denied by the IPv4 address that it contains', () => {
  const guards = [guard, createAddressGuard(['10.0.0.0/8', '::/0'])];
  const prefix = fc.constantFrom('64:ff9b::', '64:ff9b:1::', '64:ff9b:0:0:0:0:');
  fc.assert(
    fc.property(
      fc.oneof(anyIpv4, inDeniedBlock),
      prefix,
      fc.constantFrom(...guards),
      (address, network, judge) => {
        expect(judge.allows(`${network}${hexOf(address)}`, 6)).toBe(judge.allows(dotted(address), 4));
        expect(judge.allows(`${network}${dotted(address)}`, 6)).toBe(judge.allows(dotted(address), 4));
      },
    ),
    { numRuns: 2_000 },
  );
});

test.each<[string, (address: number) => string]>([
  ['IPv4-compatible', (address) => `::${dotted(address)}`],
  ['6to4', (address) => `2002:${hexOf(address)}::1`],
  ['Teredo', (address) => `2001:0:808:808:8000:63bf:${hexOf(~address >>> 0)}`],
  ['Teredo, as a server', (address) => `2001:0:${hexOf(address)}:8000:63bf:f7f7:f7f7`],
  ['ISATAP', (address) => `2606:4700::5efe:${dotted(address)}`],
  ['ISATAP of a public address', (address) => `2606:4700::200:5efe:${dotted(address)}`],
])(
  'an address that leads through a tunnel (%s) to a private one is refused, whatever IPv6 is allowed',
  (_, write) => {
    const judge = createAddressGuard(['::/0']);
    fc.assert(
      fc.property(inDeniedBlock, (address) => {
        fc.pre(address > 1); // ::1 is loopback, and no IPv4 address
        expect(guard.allows(write(address), 6)).toBe(false);
        expect(judge.allows(write(address), 6)).toBe(false);
        expect(judge.exempts(write(address), 6)).toBe(false);
      }),
      { numRuns: 300 },
    );
    expect(judge.allows(write(numberOf('8.8.8.8')), 6)).toBe(true);
  },
);

test.each(['2606:4700:4700::1111', '2a00:1450:4001:81b::200e', '2400:cb00:2048:1::c629:d7a2'])(
  '%s is public',
  (address) => expect(guard.allows(address, 6)).toBe(true),
);

test.each([
  ['::1', 6],
  ['::', 6],
  ['::127.0.0.1', 6],
  ['fe80::1', 6],
  ['fe80::1%eth0', 6],
  ['2606:4700:4700::1111%eth0', 6],
  ['fd00::1', 6],
  ['64:ff9b:1:fffe::808:808', 6],
  ['64:ff9c::808:808', 6],
  ['ff02::1', 6],
  ['not an address', 4],
  ['8.8.8.8', 6],
  ['2606:4700:4700::1111', 4],
  ['08.8.8.8', 4],
] as const)('%s as IPv%d is denied', (address, family) => expect(guard.allows(address, family)).toBe(false));

test('a network that the operator allows is allowed and exempt, and adjacent addresses are neither', () => {
  const lenient = createAddressGuard(['127.0.0.0/8', '::1/128', '10.1.0.0/16']);

  for (const [address, family] of [
    ['127.9.9.9', 4],
    ['::1', 6],
    ['::ffff:127.0.0.1', 6],
    ['10.1.255.255', 4],
  ] as const) {
    expect([lenient.allows(address, family), lenient.exempts(address, family)]).toEqual([true, true]);
  }
  for (const [address, family] of [
    ['10.2.0.0', 4],
    ['::2', 6],
    ['169.254.169.254', 4],
    ['fd00::1', 6],
  ] as const) {
    expect([lenient.allows(address, family), lenient.exempts(address, family)]).toEqual([false, false]);
  }
  expect([lenient.allows('8.8.8.8', 4), lenient.exempts('8.8.8.8', 4)]).toEqual([true, false]);
});

test('an IPv6 rule does not reach IPv4 addresses', () => {
  expect(createAddressGuard(['::/8']).allows('10.0.0.1', 4)).toBe(false);
});

test.each([
  '10.0.0.0',
  '10.0.0.0/33',
  '10.0.0/8',
  '::1/129',
  'fe80::%eth0/64',
  '10.0.0.0/8/8',
  '10.0.0.0/',
  '/8',
  '',
  'localhost/8',
  '10.0.0.0/-1',
  '10.0.0.0/8 ',
])('%j is not a network', (cidr) =>
  expect(() => createAddressGuard([cidr])).toThrow(`"${cidr}" is not a network`),
);
