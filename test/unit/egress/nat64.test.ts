import { createNat64, embedsIpv4, isTranslationPrefix } from '../../../src/egress/addresses/nat64.ts';

/** RFC 6052 section 2.4: 192.0.2.33 under prefixes of each length. */
const EXAMPLES: [string, string][] = [
  ['2001:db8::/32', '2001:db8:c000:221::'],
  ['2001:db8:100::/40', '2001:db8:1c0:2:21::'],
  ['2001:db8:122::/48', '2001:db8:122:c000:2:2100::'],
  ['2001:db8:122:300::/56', '2001:db8:122:3c0:0:221::'],
  ['2001:db8:122:344::/64', '2001:db8:122:344:c0:2:2100::'],
  ['2001:db8:122:344::/96', '2001:db8:122:344::192.0.2.33'],
];

test.each(EXAMPLES)('the IPv4 address is found under a configured prefix %s', (prefix, address) => {
  expect(createNat64({ prefixes: [prefix] }).translatedIpv4(address)).toBe('192.0.2.33');
  expect(createNat64().translatedIpv4(address)).toBeUndefined();
  expect(embedsIpv4(address, '192.0.2.33')).toBe(true);
  expect(embedsIpv4(address, '192.0.2.34')).toBe(false);
});

/** The same positions, with only the address of `ipv4only.arpa`. */
test.each([
  ['2001:db8:c000:aa::', '2001:db8:c000:221::'],
  ['2001:db8:1c0:0:aa::', '2001:db8:1c0:2:21::'],
  ['2001:db8:122:c000:0:aa00::', '2001:db8:122:c000:2:2100::'],
  ['2001:db8:122:3c0:0:aa::', '2001:db8:122:3c0:0:221::'],
  ['2001:db8:122:344:c0:0:ab00::', '2001:db8:122:344:c0:2:2100::'],
  ['2001:db8:122:344::192.0.0.171', '2001:db8:122:344::192.0.2.33'],
])(
  'a prefix that DNS reveals by %s gives a possible meaning of %s, and is not trusted',
  async (shown, address) => {
    const nat64 = createNat64({ resolve6: async () => [shown] });
    await nat64.discover();

    expect(nat64.possibleIpv4(address)).toBe('192.0.2.33');
    expect(nat64.translatedIpv4(address)).toBeUndefined();
  },
);

test('a prefix that DNS reveals within the reserved block is trusted', async () => {
  const nat64 = createNat64({ resolve6: async () => ['64:ff9b:1:fffe::c000:aa'] });
  expect(nat64.translatedIpv4('64:ff9b:1:fffe::c000:221')).toBeUndefined();
  await nat64.discover();

  expect(nat64.translatedIpv4('64:ff9b:1:fffe::c000:221')).toBe('192.0.2.33');
});

test.each([[['2001:db8::1']], [['not an address']], [[]], [['2001:db8:c000:aa::c000:aa']]])(
  'a DNS response %j reveals no prefix',
  async (addresses) => {
    const nat64 = createNat64({ resolve6: async () => addresses });
    await nat64.discover();
    expect(nat64.possibleIpv4('2001:db8:c000:221::c000:221')).toBeUndefined();
  },
);

test('DNS is queried once, for the name that has no IPv6 address of its own', async () => {
  const asked: string[] = [];
  const resolve6 = async (name: string) => {
    asked.push(name);
    return [];
  };
  const nat64 = createNat64({ resolve6 });
  await Promise.all([nat64.discover(), nat64.discover()]);
  await nat64.discover();

  expect(asked).toEqual(['ipv4only.arpa']);
});

test('a name server that does not respond delays the first connection by a second, and no later one', async () => {
  const nat64 = createNat64({ resolve6: () => new Promise(() => {}) });
  const began = performance.now();
  await nat64.discover();
  await nat64.discover();

  expect(performance.now() - began).toBeLessThan(1_500);
});

test.each([
  ['2001:db8::/32', true],
  ['64:ff9b:1:fffe::/96', true],
  ['2001:db8::/33', false],
  ['2001:db8::1/96', false],
  ['2001:db8::', false],
  ['10.0.0.0/32', false],
  ['fe80::%eth0/64', false],
  ['', false],
])('%j is a prefix for NAT64: %s', (text, expected) => expect(isTranslationPrefix(text)).toBe(expected));
