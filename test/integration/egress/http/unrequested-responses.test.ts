import { LARGE_BODY, rawReceiverPerTest, responseOf } from '../raw-receiver-per-test.ts';

const { start, post, untilIdle, sockets, accepted, outbound } = rawReceiverPerTest();
const EXTRA = responseOf('spare');
const tooEarly = { kind: 'failed', outcome: 'invalid_response', error: { code: 'RESPONSE_BEFORE_REQUEST' } };

const later = (ms: number, write: () => void): void => void (ms < 0 ? write() : setTimeout(write, ms));

test.each([
  ['in the same segment', -1],
  ['at once', 0],
  ['1 ms later', 1],
  ['5 ms later', 5],
  ['20 ms later', 20],
])('an extra response that comes %s is never read as the response to the next request', async (_, ms) => {
  await start({
    onWhole: ({ socket, id }) => {
      if (ms < 0) socket.write(responseOf(id) + EXTRA);
      else socket.write(responseOf(id), () => later(ms, () => socket.write(EXTRA)));
    },
  });
  let remaining = 240;
  const wrong: string[] = [];

  await Promise.all(
    Array.from({ length: 8 }, async () => {
      while (remaining > 0) {
        const id = `request-${remaining--}`;
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

test('connections of a receiver that sent an unsolicited response are not reused, but those of others are', async () => {
  await start({
    onWhole: ({ socket, id }) => socket.write(id === 'spare' ? responseOf(id) + EXTRA : responseOf(id)),
  });
  await post('spare');
  for (let n = 0; n < 3; n++) await post('plain');
  expect(accepted()).toBe(4);
  await untilIdle();

  await post('plain', { poolKey: 'other' });
  await untilIdle();
  for (let n = 0; n < 3; n++) await post('plain', { poolKey: 'other' });

  expect(accepted()).toBe(5);
});

test('bytes that arrive before the request is written are read first, and the request uses another connection', async () => {
  await start({ onWhole: ({ socket, id }) => socket.write(responseOf(id)) });
  await post('first');
  await untilIdle();
  // The bytes are in the kernel's buffer, not yet read, when the next request gets the connection.
  const written = new Promise((resolve) => [...sockets][0]!.write(EXTRA, resolve));
  const result = post('second');
  await written;

  expect(await result).toMatchObject({ outcome: 'delivered', resent: false, body: Buffer.from('second') });
  expect(accepted()).toBe(2);
});

test('a response that arrives before the first request of a connection is a failed attempt', async () => {
  await start({ onConnection: (socket) => socket.write(responseOf('early')) });

  expect(await post('one')).toMatchObject({ ...tooEarly, resent: false, statusCode: null });
});

test('a greeting of another protocol is reported as not HTTP', async () => {
  await start({ onConnection: (socket) => socket.write('220 mail.example ESMTP\r\n') });

  expect(await post('one')).toMatchObject({ outcome: 'invalid_response', error: { code: 'NOT_HTTP' } });
});

describe('a response while a large body is being written', () => {
  const startRejecting = (response: string, atTurn: number) =>
    start({
      onHead: ({ socket, turn }) => {
        if (turn !== atTurn) return;
        socket.pause();
        socket.write(response);
      },
      onWhole: ({ socket, id }) => socket.write(responseOf(id)),
    });

  test.each([
    ['413 Content Too Large', { outcome: 'rejected', statusCode: 413 }],
    ['200 OK', { outcome: 'delivered', statusCode: 200 }],
  ])('counts on a new connection: %s', async (status, expected) => {
    await startRejecting(responseOf('early', status), 1);

    expect(await post('large', { body: LARGE_BODY })).toMatchObject({
      ...expected,
      body: Buffer.from('early'),
    });
    expect(outbound().stats().connections).toBe(0);
  });

  test('counts on a reused connection if it rejects the request and closes the connection', async () => {
    await startRejecting(responseOf('early', '413 Content Too Large', 'connection: close\r\n'), 2);
    await post('first');
    await untilIdle();

    expect(await post('large', { body: LARGE_BODY })).toMatchObject({ outcome: 'rejected', statusCode: 413 });
  });

  test.each(['200 OK', '413 Content Too Large'])(
    'on a reused connection may be a second response to the previous request, so the connection is replaced: %s',
    async (status) => {
      await startRejecting(responseOf('early', status), 2);
      await post('first');
      await untilIdle();

      const results = [await post('large', { body: LARGE_BODY }), await post('next', { body: LARGE_BODY })];

      expect(results).toMatchObject([
        { outcome: 'delivered', resent: true, body: Buffer.from('large') },
        { outcome: 'delivered', resent: false, body: Buffer.from('next') },
      ]);
      expect(accepted()).toBe(3);
    },
  );

  test('fails the attempt on a reused connection when it is too late for another one', async () => {
    await startRejecting(responseOf('early'), 2);
    await post('first');
    await untilIdle();
    const startBy = performance.now() + 20;
    // Blocks the process past that time while the request is in flight.
    const result = post('large', { body: LARGE_BODY, startBy });
    for (let turns = 0; turns < 3; turns++) await new Promise((resolve) => setImmediate(resolve));
    while (performance.now() <= startBy);

    expect(await result).toMatchObject({ ...tooEarly, resent: false });
  });
});
