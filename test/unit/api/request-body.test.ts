import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ClientDisconnected, createBodyReader } from '../../../src/api/http/body/request-body.ts';
import { Problem } from '../../../src/api/problems/problem.ts';
import { sharesOf } from '../../../src/limits/shared-capacity.ts';
import { cpuMs } from '../../set-up/cpu-time.ts';
import { eventually } from '../../set-up/eventually.ts';

const BUDGET = 200_000;
const LIMIT = 80_000;

let server: Server;
let received: number;
let disconnected: number;
/** Milliseconds that the reader's clock is ahead. */
let clock: number;

beforeEach(async () => {
  clock = 0;
  const readBody = createBodyReader(BUDGET, () => performance.now() + clock);
  received = disconnected = 0;
  server = createServer((incoming, response) => {
    incoming.on('data', (chunk: Buffer) => (received += chunk.length));
    const [, project = '', consumer = null] = incoming.url!.split('/');
    readBody(incoming, LIMIT, sharesOf(project, consumer)).then(
      ({ bytes, release }) => {
        release();
        response.end(String(bytes.length));
      },
      (error: unknown) => {
        if (error instanceof ClientDisconnected) disconnected += 1;
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

/** Starts a POST that sends `bytes` of its body and ends on request. */
function beginPost(bytes: number, path = '/acme') {
  const { port } = server.address() as AddressInfo;
  const headers = { 'content-type': 'application/json', 'transfer-encoding': 'chunked' };
  const post = request({ port, path, method: 'POST', headers, agent: false });
  post.on('error', () => {});
  post.write(Buffer.alloc(bytes, ' '));
  return {
    destroy: () => post.destroy(),
    /** Resolves with the response; without `endsBody`, the body stays unfinished. */
    async end(endsBody = true): Promise<IncomingMessage> {
      const responded = once(post, 'response');
      if (endsBody) post.end();
      const [response] = (await responded) as [IncomingMessage];
      response.resume();
      return response;
    },
  };
}

test('a tenant that holds its share gets 429 with Retry-After until it releases some; others are served', async () => {
  const first = beginPost(60_000);
  await eventually(() => received === 60_000);

  const second = await beginPost(60_000).end();

  expect(second).toMatchObject({ statusCode: 429, headers: { 'retry-after': '2', connection: 'close' } });
  expect(await beginPost(60_000, '/other').end()).toMatchObject({ statusCode: 200 });
  expect(await first.end()).toMatchObject({ statusCode: 200 });
  expect(await beginPost(60_000).end()).toMatchObject({ statusCode: 200 });
});

test('consumer keys use only a part of their project’s share', async () => {
  const held = ['a', 'b', 'c', 'd'].map((consumer) => beginPost(15_000, `/acme/${consumer}`));
  await eventually(() => received === 60_000);

  expect(await beginPost(15_000, '/acme/a').end()).toMatchObject({ statusCode: 429 });
  expect(await beginPost(LIMIT - 15_000).end()).toMatchObject({ statusCode: 200 });
  for (const post of held) expect(await post.end()).toMatchObject({ statusCode: 200 });
});

test('when many tenants hold the whole budget, a new tenant gets 503', async () => {
  const held = Array.from({ length: 20 }, (_, i) => beginPost(9_500, `/tenant-${i}`));
  await eventually(() => received === 190_000);
  expect(await beginPost(9_500, '/new').end()).toMatchObject({ statusCode: 503 });
  expect(await beginPost(4_000, '/new').end()).toMatchObject({ statusCode: 200 });
  for (const post of held) await post.end();
});

test.each([
  ['pauses for 6 seconds', 60_000, 6_000],
  ['arrives at less than 16 KiB per second', 100, 5_100],
])('a body that %s gets 408', async (_, bytes, ms) => {
  const slow = beginPost(bytes);
  await eventually(() => received === bytes);
  clock = ms;
  expect(await slow.end(false)).toMatchObject({ statusCode: 408, headers: { connection: 'close' } });
});

test('clients that disconnect or send too much release their memory', async () => {
  for (let round = 1; round <= 5; round++) {
    received = 0;
    const leaving = beginPost(60_000);
    await eventually(() => received === 60_000);
    leaving.destroy();
    await eventually(() => disconnected === round);
    expect(await beginPost(LIMIT + 1).end()).toMatchObject({ statusCode: 413 });
  }
  expect(await beginPost(LIMIT).end()).toMatchObject({ statusCode: 200 });
});

const typed = (type: string) =>
  createBodyReader(BUDGET)(
    { headers: { 'content-type': type }, destroyed: true } as IncomingMessage,
    LIMIT,
    sharesOf('acme', null),
  );

test.each([
  'application/json',
  'application/json;',
  'application/json ; charset = "utf-8" ;',
  'application/problem+json;charset=UTF8',
])('the content type %s is accepted', async (type) => {
  await expect(typed(type)).rejects.toThrow(ClientDisconnected);
});

test.each([
  ['spaces and a letter', `application/json${' '.repeat(15_000)}x`],
  ['spaces after the charset', `application/json;charset=utf-8${' '.repeat(15_000)}x`],
  ['only spaces after it', `application/json${' '.repeat(15_000)}`],
  ['plus signs', `application/${'a+'.repeat(7_500)}json`],
  ['201 characters', `application/json${' '.repeat(185)}`],
])('a content type with %s is rejected at once', async (_, type) => {
  const before = cpuMs();
  await expect(typed(type)).rejects.toMatchObject({ code: 'unsupported_media_type' });
  expect(cpuMs() - before).toBeLessThan(100);
});
