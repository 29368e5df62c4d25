import type { AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:net';
import { SECRET } from '../../set-up/targets.ts';
import { startTestPosthorn, type TestPosthorn } from '../../set-up/test-posthorn.ts';

let posthorn: TestPosthorn;
const servers: Server[] = [];

beforeAll(async () => {
  posthorn = await startTestPosthorn();
});
afterAll(async () => {
  for (const server of servers) server.close();
  await posthorn.close();
});

/** Responds to every request with these bytes, and closes the connection. */
async function receiverOf(response: Buffer): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.end(response));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

const UNREADABLE = Buffer.from([0x00, 0xff, 0xfe, 0x00, 0xc3, 0x28, 0xed, 0xa0, 0x80, 0x00]);

async function deliverTo(url: string) {
  const { key } = await posthorn.newProject({ policy: { delays: [] } });
  const target = { url, secret: SECRET };
  const posted = await posthorn.client.call('POST', '/v1/events?wait=30s', {
    key,
    body: { type: 'a.b', data: {}, target },
  });
  const event = posted.body as { id: string };
  const read = async (path: string) => (await posthorn.client.call('GET', path, { key })).body;
  const { deliveries } = (await read(`/v1/events/${event.id}`)) as {
    deliveries: { id: string; status: string }[];
  };
  const { items } = (await read(`/v1/deliveries/${deliveries[0]!.id}/attempts`)) as { items: unknown[] };
  return { status: deliveries[0]!.status, attempts: items };
}

test('a body of NULs and bad UTF-8 is recorded with its outcome', async () => {
  const head = Buffer.from(`HTTP/1.1 200 OK\r\ncontent-length: ${UNREADABLE.length}\r\n\r\n`);

  expect(await deliverTo(await receiverOf(Buffer.concat([head, UNREADABLE])))).toMatchObject({
    status: 'delivered',
    attempts: [{ number: 1, outcome: 'delivered', statusCode: 200 }],
  });
});

test('header bytes that are not text are recorded with the outcome', async () => {
  const response = Buffer.concat([
    Buffer.from('HTTP/1.1 500 \xff\xfe\r\nx-bytes: \xff\xfe\xc3(\r\ncontent-length: 10\r\n\r\n', 'latin1'),
    UNREADABLE,
  ]);

  expect(await deliverTo(await receiverOf(response))).toMatchObject({
    status: 'undeliverable',
    attempts: [{ number: 1, outcome: 'rejected', statusCode: 500 }],
  });
});

test.each([
  ['a NUL where a header should be', 'x-\0: \0\r\ncontent-length: 0\r\n\r\n'],
  ['100 KB of headers', `x: ${'y'.repeat(100_000)}\r\ncontent-length: 0\r\n\r\n`],
  ['10,000 headers', `${'x:\r\n'.repeat(10_000)}content-length: 0\r\n\r\n`],
])('%s after a 200 is recorded as delivered, once', async (_, rest) => {
  const response = Buffer.from(`HTTP/1.1 200 OK\r\n${rest}`, 'latin1');

  expect(await deliverTo(await receiverOf(response))).toMatchObject({
    status: 'delivered',
    attempts: [{ number: 1, outcome: 'delivered', statusCode: 200 }],
  });
});
