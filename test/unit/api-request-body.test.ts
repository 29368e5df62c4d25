import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Problem } from '../../src/api/problem.ts';
import { CallerGone, createBodyReader } from '../../src/api/request-body.ts';
import { eventually } from '../set-up/eventually.ts';

const BUDGET = 100_000;
const LIMIT = 80_000;

let server: Server;
let received: number;
let gone: number;

beforeEach(async () => {
  const readBody = createBodyReader(BUDGET);
  received = gone = 0;
  server = createServer((incoming, response) => {
    incoming.on('data', (chunk: Buffer) => (received += chunk.length));
    readBody(incoming, LIMIT).then(
      (bytes) => response.end(String(bytes.length)),
      (error: unknown) => {
        if (error instanceof CallerGone) gone += 1;
        if (error instanceof Problem) response.writeHead(error.status, error.headers).end();
      },
    );
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** A post that has sent `bytes` of its body, and ends it when it is told. */
function beginPost(bytes: number) {
  const { port } = server.address() as AddressInfo;
  const headers = { 'content-type': 'application/json', 'transfer-encoding': 'chunked' };
  const post = request({ port, method: 'POST', headers, agent: false });
  post.on('error', () => {});
  post.write(Buffer.alloc(bytes, ' '));
  return {
    destroy: () => post.destroy(),
    async end(): Promise<IncomingMessage> {
      const answered = once(post, 'response');
      post.end();
      const [response] = (await answered) as [IncomingMessage];
      response.resume();
      return response;
    },
  };
}

test('what bodies there is no room for is answered 503 with Retry-After, and there is room again after the others', async () => {
  const first = beginPost(60_000);
  await eventually(() => received === 60_000);

  const second = await beginPost(60_000).end();

  expect(second).toMatchObject({ statusCode: 503, headers: { 'retry-after': '2', connection: 'close' } });
  expect(await first.end()).toMatchObject({ statusCode: 200 });
  expect(await beginPost(60_000).end()).toMatchObject({ statusCode: 200 });
});

test('callers that go away, or send too much, leave their room to others', async () => {
  for (let round = 1; round <= 5; round++) {
    received = 0;
    const leaving = beginPost(60_000);
    await eventually(() => received === 60_000);
    leaving.destroy();
    await eventually(() => gone === round);
    expect(await beginPost(LIMIT + 1).end()).toMatchObject({ statusCode: 413 });
  }
  expect(await beginPost(LIMIT).end()).toMatchObject({ statusCode: 200 });
});

const typed = (type: string) =>
  createBodyReader(BUDGET)({ headers: { 'content-type': type }, destroyed: true } as IncomingMessage, LIMIT);

test.each([
  'application/json',
  'application/json;',
  'application/json ; charset = "utf-8" ;',
  'application/problem+json;charset=UTF8',
])('the content type %s is read', async (type) => {
  await expect(typed(type)).rejects.toThrow(CallerGone);
});

test.each([
  ['spaces and a letter', `application/json${' '.repeat(15_000)}x`],
  ['spaces after the charset', `application/json;charset=utf-8${' '.repeat(15_000)}x`],
  ['spaces that end well', `application/json${' '.repeat(15_000)}`],
  ['plus signs', `application/${'a+'.repeat(7_500)}json`],
  ['201 characters', `application/json${' '.repeat(185)}`],
])('a content type of %s is refused at once', async (_, type) => {
  const began = performance.now();
  await expect(typed(type)).rejects.toMatchObject({ code: 'unsupported_media_type' });
  expect(performance.now() - began).toBeLessThan(50);
});
