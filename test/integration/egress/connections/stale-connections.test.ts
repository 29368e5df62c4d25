import type { Socket } from 'node:net';
import { LARGE_BODY, rawReceiverPerTest, responseOf } from '../raw-receiver-per-test.ts';

const { start, post, untilIdle, sockets, accepted } = rawReceiverPerTest();

describe('a reused connection that breaks before any byte of the response', () => {
  const breaks: Record<string, (socket: Socket) => void> = {
    'is reset': (socket) => socket.resetAndDestroy(),
    'is closed': (socket) => socket.destroy(),
    'is ended': (socket) => socket.end(),
  };
  const bodies: [string, Buffer][] = [
    ['small', Buffer.from('{}')],
    ['of 1 MB', Buffer.alloc(1_000_000, 'x')],
    ['of 20 MB', LARGE_BODY],
  ];
  test.each(Object.keys(breaks).flatMap((how) => bodies.map(([size, body]) => [how, size, body] as const)))(
    'and %s is replaced once, with a body that is %s',
    async (how, _size, body) => {
      await start({
        onHead: ({ socket, turn }) => {
          if (turn > 1) breaks[how]!(socket);
        },
        onWhole: ({ socket, id, turn }) => {
          if (turn === 1) socket.write(responseOf(id));
        },
      });
      await post('first');
      await untilIdle();

      expect(await post('second', { body })).toMatchObject({
        ...{ outcome: 'delivered', resent: true, body: Buffer.from('second') },
      });
      expect(accepted()).toBe(2);
    },
  );

  test.each([
    ['and sends 408 first is stale', 'connection: close\r\n', { outcome: 'delivered', resent: true }],
    [
      'but a 408 on a connection that stays open is a response',
      '',
      { outcome: 'rejected', statusCode: 408, resent: false },
    ],
  ])('%s', async (_, more, expected) => {
    await start({
      onWhole: ({ socket, id, turn }) =>
        socket.write(turn === 1 ? responseOf(id) : responseOf('late', '408 Request Timeout', more)),
    });
    await post('first');
    await untilIdle();

    expect(await post('second')).toMatchObject(expected);
  });

  test('at the moment of the request is replaced as well', async () => {
    await start({ onWhole: ({ socket, id }) => socket.write(responseOf(id)) });
    await post('first');
    await untilIdle();
    for (const socket of sockets) socket.resetAndDestroy();

    expect(await post('second', { body: LARGE_BODY })).toMatchObject({ outcome: 'delivered' });
    expect(accepted()).toBe(2);
  });
});
