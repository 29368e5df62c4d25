import { once } from 'node:events';
import { request } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import fc from 'fast-check';
import { type ReceiverResponse, ResponseReader } from '../../src/egress/http/response-reader.ts';
import { superlinearGrowth } from './growth.ts';

const LIMITS = { maxHeaderBytes: 65_536, maxBodyBytes: 16_384 };

const readAll = (chunks: Buffer[], limits = LIMITS): ResponseReader => {
  const reader = new ResponseReader(limits);
  for (const chunk of chunks) reader.read(chunk);
  reader.end();
  return reader;
};
const splitAt = (bytes: Buffer, positions: number[]): Buffer[] => {
  const sorted = [
    0,
    ...positions.map((position) => position % (bytes.length + 1)).sort((a, b) => a - b),
    bytes.length,
  ];
  return sorted.slice(1).map((end, n) => bytes.subarray(sorted[n], end));
};
const resultOf = (
  { state, hasExtraBytes, problem, ...reader }: ResponseReader,
  response: ReceiverResponse | undefined,
) => ({
  ...{ state, hasExtraBytes, problem },
  response,
  keepsAlive: reader.head?.keepsAlive,
});

const token = fc.stringMatching(/^x-[a-z][a-z0-9-]{0,10}$/);
const value = fc.stringMatching(/^([!-~]([ -~]{0,30}[!-~])?)?$/);
const body = fc.uint8Array({ maxLength: 2_000 }).map((bytes) => Buffer.from(bytes));

const chunked = (data: Buffer, sizes: number[]): Buffer => {
  const parts: Buffer[] = [];
  for (let at = 0, n = 0; at < data.length; n++) {
    const part = data.subarray(at, at + (sizes[n % sizes.length] ?? 7));
    parts.push(Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n'));
    at += part.length;
  }
  return Buffer.concat([...parts, Buffer.from('0\r\n\r\n')]);
};

/** A valid HTTP response. */
const validResponse = fc
  .record({
    interimResponses: fc.nat(2),
    status: fc.integer({ min: 200, max: 599 }).filter((status) => status !== 204 && status !== 304),
    reason: fc.stringMatching(/^[A-Za-z ]{0,12}$/),
    fields: fc.array(fc.tuple(token, value), { maxLength: 8 }),
    body,
    framing: fc.constantFrom('length', 'chunked', 'close'),
    sizes: fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 1, maxLength: 4 }),
  })
  .map(({ interimResponses, status, reason, fields, framing, sizes, body }) => {
    const framed = {
      length: { field: `content-length: ${body.length}\r\n`, bytes: body },
      chunked: { field: 'Transfer-Encoding: chunked\r\n', bytes: chunked(body, sizes) },
      close: { field: 'connection: close\r\n', bytes: body },
    }[framing]!;
    const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`).join('');
    const interim = 'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n'.repeat(interimResponses);
    const head = `${interim}HTTP/1.1 ${status} ${reason}\r\n${lines}${framed.field}\r\n`;
    return Buffer.concat([Buffer.from(head, 'latin1'), framed.bytes]);
  });

let server: Server;
let next: Buffer = Buffer.alloc(0);
beforeAll(async () => {
  server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.end(next));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => void server.close());

async function readByNode(bytes: Buffer): Promise<object> {
  next = bytes;
  const sent = request({ port: (server.address() as AddressInfo).port, method: 'POST', agent: false });
  sent.end();
  const [response] = await once(sent, 'response');
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  return { statusCode: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) };
}

test('a valid response is read as node:http reads it', async () => {
  await fc.assert(
    fc.asyncProperty(validResponse, async (bytes) => {
      const { kind: _, truncated, ...read } = readAll([bytes]).response()!;
      expect(truncated).toBe(false);
      expect(read).toEqual(await readByNode(bytes));
    }),
    { numRuns: 300 },
  );
});

test('a response is read the same however the network splits it', () => {
  fc.assert(
    fc.property(validResponse, fc.array(fc.nat(5_000), { maxLength: 12 }), (bytes, positions) => {
      const [whole, split] = [readAll([bytes]), readAll(splitAt(bytes, positions))];
      expect(resultOf(split, split.response())).toEqual(resultOf(whole, whole.response()));
    }),
  );
});

/** Almost HTTP: fragments in any order that may confuse a parser. */
const fragments = fc.array(
  fc.oneof(
    fc.constantFrom(
      'HTTP/1.1 200 OK',
      'HTTP/1.1 ',
      'HTTP/1.0 500',
      ' ',
      ':',
      '\r',
      '\n',
      '\r\n',
      '\r\n\r\n',
      '\0',
    ),
    fc.constantFrom(
      'content-length: 5',
      'content-length: 6',
      'transfer-encoding: chunked',
      '5\r\nhello\r\n',
      '0',
    ),
    fc.constantFrom(
      ' folded',
      'no colon',
      'bad name: x',
      ';ext',
      'ffffffffffffff',
      'HTTP/1.1 103 Hint\r\n\r\n',
    ),
    fc.string({ maxLength: 5 }),
  ),
  { maxLength: 30 },
);

test('bytes that are almost HTTP give the same result however the network splits them, and a known status always counts', () => {
  fc.assert(
    fc.property(
      fragments,
      fc.array(fc.nat(500), { maxLength: 8 }),
      fc.boolean(),
      (parts, positions, hasStatus) => {
        const bytes = Buffer.from((hasStatus ? 'HTTP/1.1 204 \r\n' : '') + parts.join(''), 'latin1');
        const [whole, split] = [readAll([bytes]), readAll(splitAt(bytes, positions))];
        const [known, inPieces] = [whole.response(), split.response()];
        expect(inPieces?.statusCode).toBe(known?.statusCode);
        if (whole.state === 'complete') expect(inPieces).toEqual(known);
        if (hasStatus) expect(known?.statusCode).toBe(204);
        if (known) expect(JSON.stringify(known.headers)).not.toMatch(/\\u00[01]/);
      },
    ),
    { numRuns: 2_000 },
  );
});

test.each<[string, (size: number) => string]>([
  ['one long value', (size) => `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(size)}`],
  ['folded lines', (size) => `HTTP/1.1 200 OK\r\nx: y\r\n${' z\r\n'.repeat(size / 4)}`],
  ['one repeated name', (size) => `HTTP/1.1 200 OK\r\n${'x:\r\n'.repeat(size / 4)}`],
  ['commas in the length', (size) => `HTTP/1.1 200 OK\r\ncontent-length: ${'5,'.repeat(size / 2)}5\r\n\r\n`],
  [
    'spaces in the encoding',
    (size) => `HTTP/1.1 200 OK\r\ntransfer-encoding: a,${' '.repeat(size)}b\r\n\r\n`,
  ],
  ['spaces in the rest', (size) => `HTTP/1.1 200 OK\r\nkeep-alive: ${' timeout='.repeat(size / 9)}\r\n\r\n`],
  ['line ends', (size) => '\r\n'.repeat(size / 2)],
  ['interim responses', (size) => 'HTTP/1.1 103 A\r\n\r\n'.repeat(size / 18)],
  [
    'chunks of one byte',
    (size) => `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${'1\r\nx\r\n'.repeat(size / 6)}`,
  ],
  [
    'a chunk extension',
    (size) => `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1;${'x'.repeat(size)}`,
  ],
])('the time to read %s grows linearly with its size, also in small pieces', (_, make) => {
  const limits = { maxHeaderBytes: 2_000_000, maxBodyBytes: 2_000_000 };
  for (const step of [16, 1_000_000]) {
    const makeChunks = (size: number): Buffer[] => {
      const bytes = Buffer.from(make(size), 'latin1');
      return Array.from({ length: Math.ceil(bytes.length / step) }, (_, n) =>
        bytes.subarray(n * step, (n + 1) * step),
      );
    };
    expect(superlinearGrowth(makeChunks, (chunks) => readAll(chunks, limits).response())).toBeUndefined();
  }
});
