import type { OutboundOptions } from '../../../../src/egress/outbound.ts';
import { certificate, testAuthority } from '../../../receivers/certificates.ts';
import { startMisbehavingReceiver } from '../../../receivers/misbehaving-receiver.ts';
import { startReceiver } from '../../../receivers/receiver.ts';
import { eventually } from '../../../set-up/eventually.ts';
import { outboundPerTest } from '../outbound-per-test.ts';

const { create: createClient, post } = outboundPerTest();
const toClose: (() => Promise<unknown>)[] = [];

const create = (options: Partial<OutboundOptions>): void => {
  // A fast machine would reach the usual number of requests before a connection is old.
  createClient({ maxRequestsPerConnection: Number.POSITIVE_INFINITY, ...options });
};
/** Without a pause between two looks, so that connections are in constant use. */
const until = (condition: () => Promise<boolean>): Promise<void> => eventually(condition, 60_000, 0);
const start = async () => {
  const receiver = await startReceiver();
  toClose.push(receiver.close);
  return receiver;
};

afterEach(async () => {
  for (const close of toClose.splice(0)) await close();
});

test('a connection carries no more requests than allowed', async () => {
  create({ maxRequestsPerConnection: 3 });
  const receiver = await start();

  for (let n = 0; n < 7; n++) expect(await post(receiver.url)).toMatchObject({ outcome: 'delivered' });

  expect(receiver.connections()).toBe(3);
});

test('a connection in constant use is also closed at its maximum age', async () => {
  create({ maxAgeMs: 200 });
  const receiver = await start();
  const began = performance.now();

  await until(async () => {
    expect(await post(receiver.url)).toMatchObject({ outcome: 'delivered', resent: false });
    return receiver.connections() > 1;
  });

  expect(performance.now() - began).toBeGreaterThan(195);
});

test.each([2, 60_000, 1_000_000])(
  'a connection over TLS carries one request with a body of %d bytes after the other',
  async (length) => {
    const receiver = await startReceiver([200], { tls: certificate('trusted') });
    toClose.push(receiver.close);
    create({ certificateAuthorities: [testAuthority()], lookup: async () => ['127.0.0.1'] });

    for (let n = 0; n < 30; n++) {
      const result = await post(`https://localhost:${receiver.port}/`, { body: Buffer.alloc(length, 'x') });
      expect(result).toMatchObject({ outcome: 'delivered', resent: false });
    }

    expect(receiver.connections()).toBe(1);
    expect(receiver.requests.every(({ body }) => body.length === length)).toBe(true);
  },
);

describe('a receiver that moves to another address', () => {
  /** The same port on two addresses. */
  const startBoth = async () => {
    const before = await startReceiver([200], { host: '127.0.0.1' });
    toClose.push(before.close);
    const after = await startReceiver([200], { host: '127.0.0.2', port: before.port });
    toClose.push(after.close);
    return { before, after, url: `http://receiver.example:${before.port}/` };
  };

  test('is followed even while its old connections are in constant use', async () => {
    const { before, after, url } = await startBoth();
    let addresses = ['127.0.0.1'];
    create({ dnsRefreshMs: 50, lookup: async () => addresses });
    await post(url);
    addresses = ['127.0.0.2'];

    await until(async () => {
      expect(await post(url)).toMatchObject({ outcome: 'delivered', resent: false });
      return after.requests.length > 10;
    });

    expect(before.connections()).toBe(1);
    const sent = before.requests.length;
    await post(url);
    expect(before.requests).toHaveLength(sent);
  });

  test('keeps its connection while the DNS response contains the address, in any notation', async () => {
    const { before, after, url } = await startBoth();
    let lookups = 0;
    create({
      dnsRefreshMs: 20,
      // Until the connection is open, the other address would be as good.
      lookup: async () =>
        before.connections() > 0 && lookups++ % 2 ? ['127.0.0.2', '127.0.0.1'] : ['127.0.0.1'],
    });

    await until(async () => {
      await post(url);
      return lookups > 5;
    });

    expect(before.connections()).toBe(1);
    expect(after.connections()).toBe(0);
  });

  test('keeps its connection while its name does not resolve', async () => {
    const { before, url } = await startBoth();
    let lookups = 0;
    create({
      dnsRefreshMs: 20,
      lookup: async () => {
        if (lookups++ > 0) throw Object.assign(new Error(), { code: 'ESERVFAIL' });
        return ['127.0.0.1'];
      },
    });

    await until(async () => {
      expect(await post(url)).toMatchObject({ outcome: 'delivered' });
      return lookups > 3;
    });

    expect(before.connections()).toBe(1);
  });
});

test('names are resolved in the background: one that never resolves delays no request', async () => {
  let lookups = 0;
  create({
    dnsRefreshMs: 20,
    lookup: () => (lookups++ === 0 ? Promise.resolve(['127.0.0.1']) : new Promise(() => {})),
  });
  const receiver = await startMisbehavingReceiver((socket) =>
    socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'),
  );
  toClose.push(receiver.close);

  await until(async () => {
    const result = await post(`http://receiver.example:${receiver.port}/`);
    expect(result).toMatchObject({ outcome: 'delivered' });
    return lookups > 2;
  });

  expect(receiver.connections()).toBe(1);
});
