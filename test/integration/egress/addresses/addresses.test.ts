import { connect, createServer, type Socket } from 'node:net';
import type { Lookup } from '../../../../src/egress/addresses/lookup.ts';
import { connectToFirst } from '../../../../src/egress/connections/happy-eyeballs.ts';
import { certificate, testAuthority } from '../../../receivers/certificates.ts';
import { type Receiver, startReceiver } from '../../../receivers/receiver.ts';
import { type SilentAddress, startSilentAddress } from '../../../receivers/silent-address.ts';
import { eventually } from '../../../set-up/eventually.ts';
import { outboundPerTest } from '../outbound-per-test.ts';

const { create, post: postTo, stats } = outboundPerTest();
let receiver: Receiver;
const silent: SilentAddress[] = [];

afterEach(async () => {
  await receiver.close();
  await Promise.all(silent.splice(0).map((address) => address.close()));
});

const fallSilent = async (host: string): Promise<SilentAddress> => {
  const address = await startSilentAddress(host, receiver.port);
  silent.push(address);
  return address;
};
/** Far less than the timeout, at which a dial that waits for the silent address ends. */
const BRIEFLY_MS = 5_000;
const post = (lookup: Lookup, { scheme = 'http', timeoutMs = 20_000 } = {}) => {
  create({ lookup, certificateAuthorities: [testAuthority()] });
  return postTo(`${scheme}://localhost:${receiver.port}/`, { timeoutMs });
};
const answering =
  (...addresses: string[]): Lookup =>
  async () =>
    addresses;
const socketsOpen = (): number =>
  process.getActiveResourcesInfo().filter((name) => /^TCP(SocketWrap|ConnectWrap)/.test(name)).length;

test('an address that does not respond delays the next one only briefly, and its socket is closed at once', async () => {
  receiver = await startReceiver(
    [(_, response) => void response.writeHead(200, { connection: 'close' }).end()],
    {
      host: '127.0.0.3',
    },
  );
  await fallSilent('127.0.0.2');
  const before = socketsOpen();

  const result = await post(answering('127.0.0.2', '127.0.0.3'));

  expect(result).toMatchObject({ outcome: 'delivered' });
  expect(result.kind === 'responded' && result.durationMs).toBeLessThan(BRIEFLY_MS);
  expect(stats().connections).toBe(0);
  await eventually(async () => socketsOpen() <= before);
});

test('the other family is tried second, however many addresses the first has', async () => {
  receiver = await startReceiver([200], { host: '::1' });
  // As many as are tried in one dial. The first does not respond, and the others refuse.
  const many = Array.from({ length: 8 }, (_, n) => `127.0.0.${n + 2}`);
  await fallSilent(many[0]!);

  expect(await post(answering(...many, '::1'))).toMatchObject({ outcome: 'delivered' });
});

test.each([
  ['refuses', ['127.0.0.2', '127.0.0.3']],
  ['refuses, and comes first', ['127.0.0.3', '127.0.0.2']],
  ['is silent for good', ['127.0.0.2', '127.0.0.4']],
])('a handshake may take a second next to an address that %s', async (_case, addresses) => {
  receiver = await startReceiver([200], { host: '127.0.0.9' });
  const slow = await fallSilent('127.0.0.2');
  await fallSilent('127.0.0.4');

  const posted = post(answering(...addresses));
  // After the first SYN, and after the next address was tried: the second SYN finds the queue empty.
  setTimeout(() => slow.startAccepting(), 500);

  const result = await posted;
  expect(result).toMatchObject({ outcome: 'delivered', resent: false });
  expect(result.kind === 'responded' && result.durationMs).toBeGreaterThan(900);
});

test('a TLS handshake may take two seconds', async () => {
  receiver = await startReceiver([200], { tls: certificate('trusted') });
  const sockets = new Set<Socket>();
  const slow = createServer((socket) => {
    sockets.add(socket);
    setTimeout(() => {
      const onward = connect({ host: '127.0.0.1', port: receiver.port });
      sockets.add(onward);
      socket
        .on('error', () => {})
        .pipe(onward.on('error', () => {}))
        .pipe(socket);
    }, 2_000);
  });
  await new Promise<void>((resolve) => slow.listen(receiver.port, '127.0.0.2', resolve));

  const result = await post(answering('127.0.0.3', '127.0.0.2'), { scheme: 'https' });

  expect(result).toMatchObject({ outcome: 'delivered' });
  expect(result.kind === 'responded' && result.durationMs).toBeGreaterThan(1_900);
  for (const socket of sockets) socket.destroy();
  slow.close();
});

test('if no address responds, the attempt times out at the deadline', async () => {
  receiver = await startReceiver([200], { host: '127.0.0.9' });
  await fallSilent('127.0.0.2');
  await fallSilent('127.0.0.4');

  const result = await post(answering('127.0.0.2', '127.0.0.4'), { timeoutMs: 800 });

  expect(result).toMatchObject({ outcome: 'timeout', error: { code: 'CONNECT_TIMEOUT' } });
  expect(result.kind === 'failed' && result.durationMs).toBeLessThan(800 + 5_000);
});

test('an address of the other family that arrives later is tried as well', async () => {
  receiver = await startReceiver([200], { host: '127.0.0.3' });
  const lookup: Lookup = async (_, onIncomplete) => {
    onIncomplete?.(new Promise((resolve) => setTimeout(resolve, 300, ['127.0.0.3'])));
    return ['127.0.0.2'];
  };

  expect(await post(lookup)).toMatchObject({ outcome: 'delivered' });
});

test('an address that arrives later is dialed only if it is allowed', async () => {
  receiver = await startReceiver([200], { host: '127.0.0.3' });
  const later = ['127.0.0.3', '169.254.169.254'];
  const lookup: Lookup = async (_, onIncomplete) => {
    onIncomplete?.(Promise.resolve(later));
    return ['127.0.0.2'];
  };

  expect(await post(lookup)).toMatchObject({ outcome: 'connection_failed', error: { code: 'ECONNREFUSED' } });
  expect(receiver.connections()).toBe(0);
});

test('without a spare socket, the next address is tried after the previous one has failed, and no spare is lost', async () => {
  receiver = await startReceiver([200], { host: '127.0.0.3' });
  await fallSilent('127.0.0.4');
  const { port } = receiver;
  const spare = { remaining: 0 };

  const addresses = ['127.0.0.2', '127.0.0.5', '127.0.0.3'];
  const connected = await connectToFirst({ addresses, port }, spare, performance.now() + 2_000);
  const stuck = await connectToFirst(
    { addresses: ['127.0.0.4', '127.0.0.3'], port },
    spare,
    performance.now() + 600,
  );
  spare.remaining = 1;
  const second = await connectToFirst(
    { addresses: ['127.0.0.4', '127.0.0.3'], port },
    spare,
    performance.now() + 2_000,
  );

  expect([connected.kind, stuck.kind, second.kind]).toEqual(['connected', 'failed', 'connected']);
  expect(spare.remaining).toBe(1);
  for (const end of [connected, second]) if (end.kind === 'connected') end.socket.destroy();
});
