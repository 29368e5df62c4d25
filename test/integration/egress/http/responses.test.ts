import type { OutboundRequest } from '../../../../src/egress/outbound.ts';
import {
  type Behaviour,
  type MisbehavingReceiver,
  startMisbehavingReceiver,
} from '../../../receivers/misbehaving-receiver.ts';
import { outboundPerTest } from '../outbound-per-test.ts';

const TIMEOUT_MS = 20_000;

const { create, post: postTo, untilIdle } = outboundPerTest();
let receiver: MisbehavingReceiver;

beforeEach(() => {
  create({ quietPeriodMs: 50 }); // the default of the client
});
afterEach(() => receiver.close());

const post = (more: Partial<OutboundRequest> = {}) =>
  postTo(receiver.url, { timeoutMs: TIMEOUT_MS, ...more });
const startSaying = async (response: string, andThen: Behaviour = () => {}): Promise<void> => {
  receiver = await startMisbehavingReceiver((socket, turn) => {
    socket.write(Buffer.from(response, 'latin1'), () => andThen(socket, turn));
  });
};
const closes: Behaviour = (socket) => socket.end();
/** A reset must not overtake what was written before it in the other side's receive buffer. */
const resets: Behaviour = (socket) => void setTimeout(() => socket.resetAndDestroy(), 50);
const cookies = (kilobytes: number): string =>
  Array.from({ length: kilobytes }, (_, n) => `set-cookie: c${n}=${'v'.repeat(1_000)}\r\n`).join('');

const ODD_HEADS: [string, string][] = [
  ['20 KB of headers', `${cookies(20)}content-length: 2\r\n\r\nok`],
  ['one header of 40 KB', `content-security-policy: ${'s'.repeat(40_000)}\r\ncontent-length: 2\r\n\r\nok`],
  ['200 KB of headers', `${cookies(200)}content-length: 2\r\n\r\nok`],
  ['a folded line', 'x-folded: a\r\n b\r\ncontent-length: 2\r\n\r\nok'],
  ['bare line feeds', 'x-a: b\ncontent-length: 2\n\nok'],
  ['mixed line ends', 'x-a: b\ncontent-length: 2\r\n\nok'],
  ['equal lengths on two lines', 'content-length: 2\r\nContent-Length: 2\r\n\r\nok'],
  ['equal lengths on one line', 'content-length: 2, 2\r\n\r\nok'],
  ['two lengths', 'content-length: 2\r\ncontent-length: 3\r\n\r\nok'],
  ['a length that is no number', 'content-length: two\r\n\r\nok'],
  ['a negative length', 'content-length: -2\r\n\r\nok'],
  ['a length beyond all numbers', `content-length: ${'9'.repeat(400)}\r\n\r\nok`],
  ['a length and chunks', 'content-length: 90\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n'],
  ['chunks without a size', 'transfer-encoding: chunked\r\n\r\nok'],
  ['chunks with junk after the data', 'transfer-encoding: chunked\r\n\r\n2\r\nok!!\r\n0\r\n\r\n'],
  ['chunks of an endless size', `transfer-encoding: chunked\r\n\r\n${'f'.repeat(20)}\r\nok`],
  ['a space before a colon', 'content-length : 2\r\n\r\nok'],
  ['spaces in a name', 'bad name: x\r\ncontent-length: 2\r\n\r\nok'],
  ['no colon', 'what is this\r\ncontent-length: 2\r\n\r\nok'],
  ['no name', ': x\r\ncontent-length: 2\r\n\r\nok'],
  ['a NUL in a name', 'x\0y: z\r\ncontent-length: 2\r\n\r\nok'],
  ['a NUL in a value', 'x: \0\x01\x7f\r\ncontent-length: 2\r\n\r\nok'],
  ['high bytes', 'x-\xff: \xc3(\xfe\r\ncontent-length: 2\r\n\r\nok'],
  ['a carriage return in a value', 'x: a\rb\r\ncontent-length: 2\r\n\r\nok'],
  ['a space before the first name', ' x: y\r\ncontent-length: 2\r\n\r\nok'],
  ['__proto__ and constructor', '__proto__: x\r\nconstructor: y\r\ncontent-length: 2\r\n\r\nok'],
  ['10,000 headers', `${'x:\r\n'.repeat(10_000)}content-length: 2\r\n\r\nok`],
];

describe.each<[string, string, object]>([
  ['HTTP/1.1 200 OK', 'a 2xx', { outcome: 'delivered', statusCode: 200 }],
  ['HTTP/1.1 403 No \xff', 'a 403', { outcome: 'rejected', statusCode: 403 }],
  ['HTTP/1.0 500', 'a 500 of HTTP/1.0 without a reason', { outcome: 'rejected', statusCode: 500 }],
])('%j decides', (statusLine, _, expected) => {
  test.each(ODD_HEADS)('with %s', async (_name, rest) => {
    await startSaying(`${statusLine}\r\n${rest}`);
    const began = performance.now();

    // A response is classified when it arrives, not at the deadline.
    const result = await post();

    expect(result).toMatchObject({ kind: 'responded', resent: false, ...expected });
    expect(performance.now() - began).toBeLessThan(TIMEOUT_MS);
    expect(receiver.requests()).toBe(1);
    // What is recorded must be JSON and short, and a NUL would not go into Postgres as text.
    const shown = result.kind === 'responded' ? JSON.stringify(result.headers) : '';
    expect(shown.length).toBeLessThan(140_000);
    expect(shown).not.toContain('\\u0000');
  });

  test.each<[string, string, Behaviour]>([
    ['only the status line, and an end', '\r\n', closes],
    ['only the status line, and a reset', '\r\n', resets],
    ['half a head, and an end', '\r\nx: y\r\nhalf', closes],
    ['half a head, and a reset', '\r\nx: y\r\nhalf', resets],
    ['a head, and an end', '\r\ncontent-length: 20\r\n\r\n', closes],
    ['a head, and a reset', '\r\ncontent-length: 20\r\n\r\n', resets],
    ['half a body, and a reset', '\r\ncontent-length: 20\r\n\r\nhalf', resets],
    ['half of the chunks, and an end', '\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhe', closes],
  ])('with %s', async (_name, rest, andThen) => {
    await startSaying(`${statusLine}${rest}`, andThen);

    expect(await post()).toMatchObject({ kind: 'responded', truncated: true, resent: false, ...expected });
    expect(receiver.requests()).toBe(1);
  });
});

test('if nothing follows the status line, the status counts when the timeout expires', async () => {
  await startSaying('HTTP/1.1 202 Accepted\r\n');

  expect(await post({ timeoutMs: 300 })).toMatchObject({
    outcome: 'delivered',
    statusCode: 202,
    body: Buffer.alloc(0),
  });
});

test.each(['HTTP/1.1 2', 'HTTP/1.1 200', 'HTTP/1.1'])(
  'a status that is cut off as %j is none',
  async (start) => {
    await startSaying(start, closes);

    expect(await post()).toMatchObject({ kind: 'failed', outcome: 'connection_failed' });
  },
);

test.each([
  ['an SSH greeting', 'SSH-2.0-OpenSSH_9.9\r\n', 'NOT_HTTP'],
  ['a status of four digits', 'HTTP/1.1 2000 OK\r\n\r\n', 'NOT_HTTP'],
  ['a status without a space', 'HTTP/1.1200 OK\r\n\r\n', 'NOT_HTTP'],
  ['a line that has no end', `HTTP/1.1 ${' '.repeat(300)}`, 'NOT_HTTP'],
  ['a TLS alert', '\x15\x03\x03\x00\x02\x02\x28', 'TLS_AT_PORT'],
  ['the settings of HTTP/2', '\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\x64', 'HTTP2_ONLY'],
  [
    'an interim response with too large a head',
    `HTTP/1.1 103 Hint\r\nx: ${'y'.repeat(80_000)}`,
    'HEADERS_TOO_LARGE',
  ],
])(
  '%s is not a response, which is recognised at once on a connection that stays open',
  async (_, bytes, code) => {
    await startSaying(bytes);
    const began = performance.now();

    expect(await post()).toMatchObject({ kind: 'failed', outcome: 'invalid_response', error: { code } });
    expect(performance.now() - began).toBeLessThan(TIMEOUT_MS);
  },
);

test('headers are stored completely up to 64 KiB, truncated there, and marked as truncated', async () => {
  await startSaying(`HTTP/1.1 200 OK\r\n${cookies(60)}x-last: 1\r\ncontent-length: 2\r\n\r\nok`);
  const whole = await post();
  expect(whole).toMatchObject({ truncated: false, headers: { 'x-last': '1' }, body: Buffer.from('ok') });
  await receiver.close();

  await startSaying(`HTTP/1.1 200 OK\r\n${cookies(100)}x-last: 1\r\ncontent-length: 2\r\n\r\nok`);
  const cut = await post();
  expect(cut).toMatchObject({ outcome: 'delivered', truncated: true });
  const headers = cut.kind === 'responded' ? cut.headers : {};
  expect(headers['x-last']).toBeUndefined();
  expect(headers['set-cookie']!.length).toBeGreaterThan(60);
  expect(JSON.stringify(headers).length).toBeLessThan(70_000);
});

test('endless headers are not read past the limit, and memory does not grow', async () => {
  receiver = await startMisbehavingReceiver((socket) => {
    socket.write('HTTP/1.1 200 OK\r\n');
    const pump = () => {
      while (!socket.destroyed && socket.write(`x-endless: ${'y'.repeat(65_000)}\r\n`));
    };
    socket.on('drain', pump);
    pump();
  });
  const before = process.memoryUsage().rss;

  for (let n = 0; n < 10; n++) expect(await post()).toMatchObject({ outcome: 'delivered', truncated: true });

  await receiver.untilNoneOpen();
  expect(receiver.bytesWritten()).toBeLessThan(200_000_000);
  expect(process.memoryUsage().rss - before).toBeLessThan(80_000_000);
});

test.each([
  ['stray bytes', 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello, stray', 'hello'],
  ['a stray line end', 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello\r\n', 'hello'],
  [
    'stray bytes after chunks',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\nstray',
    'hello',
  ],
  ['a body where none may be', 'HTTP/1.1 204 No Content\r\n\r\nstray', ''],
])(
  'a response followed by %s is recorded with its body, and its connection is closed',
  async (_, response, body) => {
    await startSaying(response);

    expect(await post()).toMatchObject({ outcome: 'delivered', truncated: false, body: Buffer.from(body) });
    await receiver.untilNoneOpen();
  },
);

test.each([
  ['HTTP/1.1 with a folded line', 'HTTP/1.1 200 OK\r\nx: a\r\n b\r\ncontent-length: 0\r\n\r\n', 2],
  [
    'HTTP/1.1 with a length and chunks',
    'HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    2,
  ],
  ['HTTP/1.1 that closes', 'HTTP/1.1 200 OK\r\nConnection: Close\r\ncontent-length: 0\r\n\r\n', 2],
  ['HTTP/1.0', 'HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n', 2],
  ['HTTP/1.0 that keeps', 'HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 0\r\n\r\n', 1],
  ['HTTP/1.1', 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n', 1],
  [
    'HTTP/1.1 in chunks',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2;a=b\r\nok\r\n0\r\nx: y\r\n\r\n',
    1,
  ],
])('two requests with the response %s take %3$i connection(s)', async (_, response, connections) => {
  await startSaying(response);

  await post();
  await untilIdle();
  await post();

  expect(receiver.connections()).toBe(connections);
});
