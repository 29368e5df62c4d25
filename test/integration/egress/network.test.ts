import { join } from 'node:path';
import { networkNamespaceMissingReason, runInNetworkNamespace } from '../../receivers/network-namespace.ts';

const modulePath = (path: string): string => JSON.stringify(join(__dirname, '../../..', path));

const LIVE = '93.184.215.14';
const SILENT = ['93.184.216.1', '93.184.216.2'];
const INSIDE_IPV6 = ['64:ff9b::5db8:d70e', '64:ff9b::a9fe:a9fe', '2606:2800:220:64::a9fe:a9fe'];
const NETWORK = [
  'link set lo up',
  `addr add ${LIVE}/32 dev lo`,
  'addr add 169.254.169.254/32 dev lo',
  ...INSIDE_IPV6.map((address) => `-6 addr add ${address}/128 dev lo nodad`),
  ...SILENT.map((address) => `addr add ${address}/32 dev lo`),
];

/** Names and their addresses at the name server of the network, with production's guard and lookup. */
const ZONE: Record<string, { A?: string[]; AAAA?: string[] }> = {
  'without-route.example': { A: [LIVE], AAAA: ['2606:4700::1111'] },
  'silent.example': { A: [SILENT[0]!, LIVE], AAAA: [] },
  'silent-and-without-route.example': {
    A: [...SILENT, LIVE],
    AAAA: ['2606:4700::1111'],
  },
  'dns64.example': { A: [LIVE], AAAA: ['64:ff9b::5db8:d70e'] },
  'dns64-alone.example': { AAAA: ['64:ff9b::5db8:d70e'] },
  'dns64-private.example': { AAAA: ['64:ff9b::a9fe:a9fe'] },
  'dns64-mixed.example': { A: [LIVE], AAAA: ['64:ff9b::a9fe:a9fe'] },
  'own-prefix-private.example': { AAAA: ['2606:2800:220:64::a9fe:a9fe'] },
  'ipv4only.arpa': { AAAA: ['2606:2800:220:64::c000:aa'] },
  'unreachable.example': { AAAA: ['2606:4700::1111'] },
};

const PROGRAM = `
  import { createServer } from 'node:http';
  import { Resolver } from 'node:dns/promises';
  import { createAddressGuard } from ${modulePath('src/egress/addresses/address-guard.ts')};
  import { createLookup } from ${modulePath('src/egress/addresses/lookup.ts')};
  import { createNat64 } from ${modulePath('src/egress/addresses/nat64.ts')};
  import { createOutbound } from ${modulePath('src/egress/outbound.ts')};
  import { createOwnServices } from ${modulePath('src/egress/addresses/own-services.ts')};
  import { startNameServer } from ${modulePath('test/receivers/name-server.ts')};
  import { startSilentAddress } from ${modulePath('test/receivers/silent-address.ts')};
  const zone = ${JSON.stringify(ZONE)};
  const names = await startNameServer((name, type) => zone[name] ? (zone[name][type] ?? []) : 'nxdomain');
  const reached = [];
  for (const host of ${JSON.stringify([LIVE, '169.254.169.254', ...INSIDE_IPV6])}) {
    const receiver = createServer((request, response) => {
      reached.push(request.headers.host.split(':')[0]);
      request.resume().on('end', () => response.writeHead(200, { connection: 'close' }).end());
    });
    await new Promise((resolve) => receiver.listen(80, host, resolve));
  }
  const silent = [];
  for (const host of ${JSON.stringify(SILENT)}) silent.push(await startSilentAddress(host, 80));
  const resolver = new Resolver();
  resolver.setServers([names.address]);
  const nat64 = createNat64({ resolve6: (name) => resolver.resolve6(name) });
  const outbound = createOutbound({
    guard: createAddressGuard([], createOwnServices(), nat64),
    lookup: createLookup({ hosts: async () => [], nameServers: [names.address] }),
  });
  const results = {};
  for (const name of Object.keys(zone)) {
    const { outcome, error, durationMs } = await outbound.post({
      url: 'http://' + name + '/', headers: {}, body: Buffer.from('{}'), timeoutMs: 3_000,
      startBy: performance.now() + 3_000, projectId: 'project', poolKey: name,
    });
    results[name] = { outcome, code: error?.code ?? null, quick: durationMs < 1_500, reached: reached.includes(name) };
  }
  for (const address of silent) await address.close();
  console.log(JSON.stringify(results));
  process.exit();
`;

const reason = networkNamespaceMissingReason();
const where = reason ? describe.skip : describe;

where(
  `in a network with names and routes of its own${reason ? `, which cannot be made here: ${reason}` : ''}`,
  () => {
    let results: Record<string, object>;
    beforeAll(async () => {
      results = (await runInNetworkNamespace(NETWORK, PROGRAM)) as typeof results;
    });

    test.each([
      ['without-route.example', 'beside an address without a route'],
      ['silent.example', 'after an address that is silent'],
      ['silent-and-without-route.example', 'after two that are silent and one without a route'],
      ['dns64.example', 'beside its copy for NAT64'],
      ['dns64-alone.example', 'by its copy for NAT64 alone'],
    ])('%s is reached quickly %s', (name) => {
      expect(results[name]).toEqual({ outcome: 'delivered', code: null, quick: true, reached: true });
    });

    test.each([
      ['dns64-private.example', 'alone'],
      ['dns64-mixed.example', 'beside a public address'],
      ['own-prefix-private.example', "under a prefix of the network's public addresses"],
    ])('%s does not lead to a private address inside an IPv6 address, %s', (name) => {
      expect(results[name]).toMatchObject({
        outcome: 'blocked',
        code: 'ADDRESS_NOT_ALLOWED',
        reached: false,
      });
    });

    test('a receiver without a route fails with a message that says so', () => {
      expect(results['unreachable.example']).toMatchObject({
        outcome: 'connection_failed',
        code: 'ENETUNREACH',
      });
    });
  },
);
