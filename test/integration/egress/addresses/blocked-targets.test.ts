import { networkInterfaces } from 'node:os';
import { createAddressGuard } from '../../../../src/egress/addresses/address-guard.ts';
import type { Lookup } from '../../../../src/egress/addresses/lookup.ts';
import { createNat64 } from '../../../../src/egress/addresses/nat64.ts';
import { createOwnServices, type OwnServices } from '../../../../src/egress/addresses/own-services.ts';
import { type Receiver, startReceiver } from '../../../receivers/receiver.ts';
import { lookupIn, outboundPerTest } from '../outbound-per-test.ts';

const { create, post } = outboundPerTest();
let receiver: Receiver | undefined;

afterEach(async () => {
  await receiver?.close();
  receiver = undefined;
});

/** IPv4 addresses of this host other than loopback; loopback if it has no other. */
const networkAddresses = (): string[] => {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const beyond = all.filter(({ internal, family }) => !internal && family === 'IPv4');
  return beyond.length > 0 ? beyond.map(({ address }) => address) : ['127.0.0.1'];
};

const BLOCKED = {
  kind: 'failed',
  outcome: 'blocked',
  error: { code: 'ADDRESS_NOT_ALLOWED', message: 'the address of the receiver is not allowed' },
};

describe('a receiver on loopback that the operator did not allow', () => {
  beforeEach(async () => {
    receiver = await startReceiver();
  });

  test.each([
    '127.0.0.1',
    '127.1',
    '2130706433',
    '0x7f.0.0.1',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '0.0.0.0',
    '[::]',
    'localhost',
  ])('is not reached as %s', async (host) => {
    create({ allow: [] });
    expect(await post(`http://${host}:${receiver!.port}/`)).toMatchObject(BLOCKED);
    expect(receiver!.connections()).toBe(0);
  });

  test.each([
    ['is its only address', [['127.0.0.1']]],
    ['follows a public address in one result', [['203.0.114.1', '127.0.0.1']]],
    ['precedes a public address in one result', [['127.0.0.1', '203.0.114.1']]],
    ['is written as IPv6', [['::ffff:127.0.0.1']]],
    ['is not an address', [['localhost']]],
    ['is missing', [[]]],
  ])('is not reached through a name when its address %s', async (_case, results) => {
    create({ allow: [], lookup: lookupIn(...results) });

    expect(await post(`http://receiver.example:${receiver!.port}/`)).toMatchObject(BLOCKED);
    expect(receiver!.connections()).toBe(0);
  });

  test('is not reached by a name that was public a moment ago', async () => {
    // 127.0.0.2 stands in for a public address: this guard allows it.
    create({ allow: ['127.0.0.2/32'], lookup: lookupIn(['127.0.0.2'], ['127.0.0.1']) });
    const allowed = await startReceiver(
      [(_, response) => void response.writeHead(200, { connection: 'close' }).end()],
      {
        host: '127.0.0.2',
      },
    );

    expect(await post(`http://rebinding.example:${allowed.port}/`)).toMatchObject({ outcome: 'delivered' });
    expect(await post(`http://rebinding.example:${receiver!.port}/`)).toMatchObject(BLOCKED);
    expect(receiver!.connections()).toBe(0);
    await allowed.close();
  });
});

describe('behind a name server that adds NAT64 addresses', () => {
  const deliverTo = (addresses: string[], allow = ['127.0.0.0/8'], discovered?: string) => {
    const nat64 = createNat64({ ...(discovered && { resolve6: async () => [discovered] }) });
    create({ guard: createAddressGuard(allow, createOwnServices(), nat64), lookup: lookupIn(addresses) });
    return post(`http://receiver.example:${receiver!.port}/`);
  };
  beforeEach(async () => {
    receiver = await startReceiver();
  });

  test.each([
    ['the well-known prefix', '64:ff9b::7f00:1'],
    ['a local-use prefix', '64:ff9b:1:fffe::7f00:1'],
    ['a private prefix of 96 bits', 'fd64:1:2:3::7f00:1'],
    ['a private prefix of 48 bits', 'fd64:1:2:7f00:0:100::'],
    ['a public prefix', '2606:4700:64::7f00:1'],
  ])('an allowed address is reached although its copy under %s is unreachable', async (_case, copy) => {
    expect(await deliverTo(['127.0.0.1', copy])).toMatchObject({ outcome: 'delivered' });
  });

  test.each([
    ['alone', ['64:ff9b::7f00:1'], undefined],
    ['with a public address', ['8.8.8.8', '64:ff9b::a9fe:a9fe'], undefined],
    ['with its own copy', ['127.0.0.1', '64:ff9b::7f00:1'], undefined],
    [
      'under a local-use prefix discovered through DNS',
      ['64:ff9b:1:fffe::7f00:1'],
      '64:ff9b:1:fffe::c000:aa',
    ],
    ['under a public prefix discovered through DNS', ['2606:4700:64::7f00:1'], '2606:4700:64::c000:ab'],
  ])('a private address inside a NAT64 address is refused: %s', async (_case, addresses, discovered) => {
    expect(await deliverTo(addresses, [], discovered)).toMatchObject(BLOCKED);
    expect(receiver!.connections()).toBe(0);
  });

  test('a Posthorn server is not reached through a NAT64 address that contains its IPv4 address', async () => {
    const ownServices = createOwnServices([
      { host: '192.0.2.7', port: receiver!.port, matchedBy: 'address' },
    ]);
    create({
      guard: createAddressGuard(['192.0.2.0/24'], ownServices),
      lookup: lookupIn(['64:ff9b::c000:207']),
    });

    expect(await post(`http://receiver.example:${receiver!.port}/`)).toMatchObject({
      error: { code: 'OWN_ADDRESS' },
    });
  });
});

describe('a Posthorn service', () => {
  const OWN = { kind: 'failed', outcome: 'blocked', error: { code: 'OWN_ADDRESS' } };
  let ownServices: OwnServices;
  let names: string[];
  const everywhere = (lookup?: Lookup) => {
    const guard = createAddressGuard(['0.0.0.0/0', '::/0'], ownServices);
    create({ guard, ...(lookup && { lookup }) });
  };

  beforeEach(async () => {
    receiver = await startReceiver();
    names = ['127.0.0.1'];
    ownServices = createOwnServices([], { resolve: async () => names });
  });

  test.each(['127.0.0.1', '127.0.0.7', 'localhost', '0.0.0.0', '[::]', '[::1]', '[::ffff:127.0.0.1]'])(
    'is not reached as %s',
    async (host) => {
      ownServices.add({ host: '127.0.0.1', port: receiver!.port, matchedBy: 'address' });
      everywhere();

      expect(await post(`http://${host}:${receiver!.port}/`)).toMatchObject(OWN);
      expect(receiver!.connections()).toBe(0);
    },
  );

  test.each([
    ['its address', ['127.0.0.1']],
    ['another address of this host', ['127.0.0.9']],
    ['its address and another', ['8.8.8.8', '127.0.0.1']],
    ['a network address of this host', networkAddresses()],
  ])('is not reached through a name that resolves to %s', async (_case, addresses) => {
    ownServices.add({ host: '0.0.0.0', port: receiver!.port, matchedBy: 'address' });
    everywhere(lookupIn(addresses));

    expect(await post(`http://harmless.example:${receiver!.port}/`)).toMatchObject(OWN);
    expect(receiver!.connections()).toBe(0);
  });

  test('is not reached by the current address of its name', async () => {
    ownServices.add({ host: 'temporal.internal', port: receiver!.port, matchedBy: 'address' });
    everywhere(lookupIn(['127.0.0.1']));

    expect(await post(`http://harmless.example:${receiver!.port}/`)).toMatchObject(OWN);
    expect(await post(`http://temporal.internal:${receiver!.port}/`)).toMatchObject(OWN);
    expect(receiver!.connections()).toBe(0);
  });

  test('is not reached by an address that a name server returns late', async () => {
    ownServices.add({ host: '127.0.0.1', port: receiver!.port, matchedBy: 'address' });
    everywhere(async (_, onIncomplete) => {
      onIncomplete?.(Promise.resolve(['127.0.0.1']));
      return ['::2'];
    });

    expect(await post(`http://harmless.example:${receiver!.port}/`)).toMatchObject({ kind: 'failed' });
    expect(receiver!.connections()).toBe(0);
  });

  test('does not block another port of its host, nor the same port of another host', async () => {
    names = ['192.0.2.1'];
    ownServices.add({ host: 'temporal.internal', port: receiver!.port, matchedBy: 'address' });
    ownServices.add({ host: '127.0.0.1', port: receiver!.port + 1, matchedBy: 'address' });
    everywhere();

    expect(await post(receiver!.url)).toMatchObject({ outcome: 'delivered' });
  });
});

test('a port that the operator does not allow is not reached, also at an allowed address', async () => {
  receiver = await startReceiver();
  const others = [{ first: receiver.port + 1, last: 65_535 }];
  create({ guard: createAddressGuard(['127.0.0.0/8'], undefined, undefined, others) });

  expect(await post(receiver.url)).toMatchObject({ outcome: 'blocked', error: { code: 'PORT_NOT_ALLOWED' } });
  expect(receiver.connections()).toBe(0);
});
