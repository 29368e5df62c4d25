import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createAddressGuard } from '../../../src/egress/addresses/address-guard.ts';
import { createOutbound, type Outbound, type OutboundRequest } from '../../../src/egress/outbound.ts';

type Request = { socket: Socket; id: string; turn: number };

let outbound: Outbound;
let server: Server;
const sockets = new Set<Socket>();
let accepted = 0;

beforeEach(() => {
  accepted = 0;
  outbound = createOutbound({ guard: createAddressGuard(['127.0.0.0/8']) });
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  await new Promise((resolve) => server.close(resolve));
  await outbound.close();
});

const answerOf = (body: string, status = '200 OK', more = ''): string =>
  `HTTP/1.1 ${status}\r\n${more}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
const SPARE = answerOf('spare');

/** Calls `onHead` at each head, and `onWhole` once its body has been read too. */
async function start(rules: {
  onConnection?: (socket: Socket) => void;
  onHead?: (request: Request) => void;
  onWhole?: (request: Request) => void;
}): Promise<void> {
  server = createServer({ noDelay: true }, (socket) => {
    let [unread, turn, left]: [Buffer, number, number] = [Buffer.alloc(0), 0, 0];
    let request: Request | undefined;
    accepted++;
    sockets.add(socket);
    socket.on('error', () => {});
    rules.onConnection?.(socket);
    socket.on('data', (chunk: Buffer) => {
      unread = Buffer.concat([unread, chunk]);
      for (;;) {
        if (!request) {
          const headEnd = unread.indexOf('\r\n\r\n');
          if (headEnd < 0) return;
          const head = unread.toString('latin1', 0, headEnd);
          left = Number(/^content-length: (\d+)/im.exec(head)![1]);
          request = { socket, id: /^x-id: (.*)$/im.exec(head)?.[1] ?? '', turn: ++turn };
          unread = unread.subarray(headEnd + 4);
          rules.onHead?.(request);
        }
        const read = Math.min(left, unread.length);
        unread = unread.subarray(read);
        left -= read;
        if (left > 0) return;
        rules.onWhole?.(request);
        request = undefined;
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
}

const post = (id: string, overrides: Partial<OutboundRequest> = {}) =>
  outbound.post({
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    headers: { 'x-id': id },
    body: Buffer.from('{}'),
    timeoutMs: 10_000,
    startBy: performance.now() + 10_000,
    projectId: 'project',
    poolKey: 'receiver',
    ...overrides,
  });
const untilIdle = async (): Promise<void> => {
  for (const began = performance.now(); outbound.stats().idle < outbound.stats().connections; ) {
    if (performance.now() - began > 5_000) throw new Error('connections are in use after 5 s');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};
const LARGE = Buffer.alloc(20_000_000, 'x');
const tooEarly = { kind: 'failed', outcome: 'invalid_response', error: { code: 'RESPONSE_BEFORE_REQUEST' } };

const later = (ms: number, write: () => void): void => void (ms < 0 ? write() : setTimeout(write, ms));

test.each([
  ['in the same segment', -1],
  ['at once', 0],
  ['1 ms later', 1],
  ['5 ms later', 5],
  ['20 ms later', 20],
])('no spare answer that comes %s is taken for that to the next request', async (_, ms) => {
  await start({
    onWhole: ({ socket, id }) => {
      if (ms < 0) socket.write(answerOf(id) + SPARE);
      else socket.write(answerOf(id), () => later(ms, () => socket.write(SPARE)));
    },
  });
  let left = 240;
  const wrong: string[] = [];

  await Promise.all(
    Array.from({ length: 8 }, async () => {
      while (left > 0) {
        const id = `request-${left--}`;
        const result = await post(id);
        if (result.kind !== 'responded' || result.body.toString() !== id) {
          wrong.push(
            `${id}: ${JSON.stringify(result.kind === 'responded' ? result.body.toString() : result)}`,
          );
        }
      }
    }),
  );

  expect(wrong).toEqual([]);
});

test('connections of a receiver that spoke out of turn are not kept, and those of others are', async () => {
  await start({
    onWhole: ({ socket, id }) => socket.write(id === 'spare' ? answerOf(id) + SPARE : answerOf(id)),
  });
  await post('spare');
  for (let n = 0; n < 3; n++) await post('plain');
  expect(accepted).toBe(4);
  await untilIdle();

  await post('plain', { poolKey: 'other' });
  await untilIdle();
  for (let n = 0; n < 3; n++) await post('plain', { poolKey: 'other' });

  expect(accepted).toBe(5);
});

test('what came before the request was written is read first, and the request goes over another connection', async () => {
  await start({ onWhole: ({ socket, id }) => socket.write(answerOf(id)) });
  await post('first');
  await untilIdle();
  // In the kernel's buffer, and not yet read, when the next request takes the connection.
  const written = new Promise((resolve) => [...sockets][0]!.write(SPARE, resolve));
  const result = post('second');
  await written;

  expect(await result).toMatchObject({ outcome: 'delivered', resent: false, body: Buffer.from('second') });
  expect(accepted).toBe(2);
});

test('an answer that is there before the first request of a connection is a failed attempt', async () => {
  await start({ onConnection: (socket) => socket.write(answerOf('early')) });

  expect(await post('one')).toMatchObject({ ...tooEarly, resent: false, statusCode: null });
});

test('a greeting of another protocol is told as such', async () => {
  await start({ onConnection: (socket) => socket.write('220 mail.example ESMTP\r\n') });

  expect(await post('one')).toMatchObject({ outcome: 'invalid_response', error: { code: 'NOT_HTTP' } });
});

describe('an answer while a large body is being written', () => {
  const startRefusing = (answer: string, atTurn: number) =>
    start({
      onHead: ({ socket, turn }) => {
        if (turn !== atTurn) return;
        socket.pause();
        socket.write(answer);
      },
      onWhole: ({ socket, id }) => socket.write(answerOf(id)),
    });

  test.each([
    ['413 Content Too Large', { outcome: 'rejected', statusCode: 413 }],
    ['200 OK', { outcome: 'delivered', statusCode: 200 }],
  ])('counts on a new connection: %s', async (status, expected) => {
    await startRefusing(answerOf('early', status), 1);

    expect(await post('large', { body: LARGE })).toMatchObject({ ...expected, body: Buffer.from('early') });
    expect(outbound.stats().connections).toBe(0);
  });

  test('counts on a kept connection if it refuses the request and closes', async () => {
    await startRefusing(answerOf('early', '413 Content Too Large', 'connection: close\r\n'), 2);
    await post('first');
    await untilIdle();

    expect(await post('large', { body: LARGE })).toMatchObject({ outcome: 'rejected', statusCode: 413 });
  });

  test.each(['200 OK', '413 Content Too Large'])(
    'may be a second answer to the request before on a kept one, which is replaced: %s',
    async (status) => {
      await startRefusing(answerOf('early', status), 2);
      await post('first');
      await untilIdle();

      const results = [await post('large', { body: LARGE }), await post('next', { body: LARGE })];

      expect(results).toMatchObject([
        { outcome: 'delivered', resent: true, body: Buffer.from('large') },
        { outcome: 'delivered', resent: false, body: Buffer.from('next') },
      ]);
      expect(accepted).toBe(3);
    },
  );

  test('fails the attempt on a kept connection when it is too late for another', async () => {
    await startRefusing(answerOf('early'), 2);
    await post('first');
    await untilIdle();
    const startBy = performance.now() + 20;
    // Blocks the process over that time once the request is under way.
    const result = post('large', { body: LARGE, startBy });
    for (let turns = 0; turns < 3; turns++) await new Promise((resolve) => setImmediate(resolve));
    while (performance.now() <= startBy);

    expect(await result).toMatchObject({ ...tooEarly, resent: false });
  });
});

describe('a kept connection that breaks before any byte of the answer', () => {
  const breaks: Record<string, (socket: Socket) => void> = {
    'is reset': (socket) => socket.resetAndDestroy(),
    'is closed': (socket) => socket.destroy(),
    'is ended': (socket) => socket.end(),
  };
  const bodies: [string, Buffer][] = [
    ['small', Buffer.from('{}')],
    ['of 1 MB', Buffer.alloc(1_000_000, 'x')],
    ['of 20 MB', LARGE],
  ];
  test.each(Object.keys(breaks).flatMap((how) => bodies.map(([size, body]) => [how, size, body] as const)))(
    'and %s is replaced once, with a body that is %s',
    async (how, _size, body) => {
      await start({
        onHead: ({ socket, turn }) => {
          if (turn > 1) breaks[how]!(socket);
        },
        onWhole: ({ socket, id, turn }) => {
          if (turn === 1) socket.write(answerOf(id));
        },
      });
      await post('first');
      await untilIdle();

      expect(await post('second', { body })).toMatchObject({
        ...{ outcome: 'delivered', resent: true, body: Buffer.from('second') },
      });
      expect(accepted).toBe(2);
    },
  );

  test.each([
    ['and says 408 as it does', 'connection: close\r\n', { outcome: 'delivered', resent: true }],
    ['but not one that says 408 and stays', '', { outcome: 'rejected', statusCode: 408, resent: false }],
  ])('%s is judged by that', async (_, more, expected) => {
    await start({
      onWhole: ({ socket, id, turn }) =>
        socket.write(turn === 1 ? answerOf(id) : answerOf('late', '408 Request Timeout', more)),
    });
    await post('first');
    await untilIdle();

    expect(await post('second')).toMatchObject(expected);
  });

  test('in the moment in which it is used is replaced, too', async () => {
    await start({ onWhole: ({ socket, id }) => socket.write(answerOf(id)) });
    await post('first');
    await untilIdle();
    for (const socket of sockets) socket.resetAndDestroy();

    expect(await post('second', { body: LARGE })).toMatchObject({ outcome: 'delivered' });
    expect(accepted).toBe(2);
  });
});
