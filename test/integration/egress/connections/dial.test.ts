import type { Lookup } from '../../../../src/egress/addresses/lookup.ts';
import { type Receiver, startReceiver } from '../../../receivers/receiver.ts';
import { lookupIn, outboundPerTest } from '../outbound-per-test.ts';

const { create, post } = outboundPerTest();
let receiver: Receiver | undefined;

afterEach(async () => {
  await receiver?.close();
  receiver = undefined;
});

const failing =
  (code: string): Lookup =>
  () =>
    Promise.reject(Object.assign(new Error(`query ${code} 10.9.8.7`), { code }));

test('only checked addresses are dialed: each dial looks the name up once', async () => {
  receiver = await startReceiver([
    (_, response) => void response.writeHead(200, { connection: 'close' }).end(),
  ]);
  let lookups = 0;
  const lookup: Lookup = async () => {
    lookups++;
    return ['127.0.0.1'];
  };
  create({ lookup });

  for (let i = 0; i < 3; i++) await post(`http://receiver.example:${receiver.port}/`);

  expect(lookups).toBe(3);
  expect(receiver.requests.map(({ headers }) => headers.host)).toEqual(
    Array(3).fill(`receiver.example:${receiver.port}`),
  );
});

test('the first of several addresses that accepts is used', async () => {
  receiver = await startReceiver([200], { host: '127.0.0.3' });
  create({ lookup: lookupIn(['127.0.0.2', '127.0.0.3', '::1']) });

  expect(await post(`http://receiver.example:${receiver.port}/`)).toMatchObject({ outcome: 'delivered' });
});

test('localhost reaches a receiver on the only loopback address that is allowed', async () => {
  receiver = await startReceiver();
  create({ allow: ['127.0.0.0/8'] });

  expect(await post(`http://localhost:${receiver.port}/`)).toMatchObject({ outcome: 'delivered' });
});

test('a receiver on an IPv6 address is reached', async () => {
  receiver = await startReceiver([200], { host: '::1' });
  create();

  expect(await post(receiver.url)).toMatchObject({ outcome: 'delivered' });
  expect(receiver.requests[0]!.headers.host).toBe(`[::1]:${receiver.port}`);
});

test('a refused connection is reported with its code and without the address', async () => {
  receiver = await startReceiver();
  const { url } = receiver;
  await receiver.close();
  create();

  const result = await post(url);

  expect(result).toMatchObject({
    kind: 'failed',
    outcome: 'connection_failed',
    error: { code: 'ECONNREFUSED' },
  });
  expect(JSON.stringify(result)).not.toContain('127.0.0.1');
});

test.each(['ENOTFOUND', 'ESERVFAIL', 'ETIMEOUT', 'ECONNREFUSED'])(
  'a lookup that fails with %s is dns_failed',
  async (code) => {
    create({ lookup: failing(code) });
    const result = await post('http://receiver.example/');

    expect(result).toMatchObject({ kind: 'failed', outcome: 'dns_failed', error: { code } });
    expect(JSON.stringify(result)).not.toContain('10.9.8.7');
  },
);

test('a lookup that never finishes times out at the deadline', async () => {
  create({ lookup: () => new Promise(() => {}) });
  const startedAt = performance.now();

  expect(await post('http://receiver.example/', { timeoutMs: 300 })).toMatchObject({
    outcome: 'timeout',
    error: { code: 'DNS_TIMEOUT' },
  });
  expect(performance.now() - startedAt).toBeLessThan(300 + 5_000);
});
