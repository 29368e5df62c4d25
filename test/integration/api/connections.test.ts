import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createHttpServer } from '../../../src/api/http/server.ts';
import { eventually } from '../../set-up/eventually.ts';
import { startTestApi, type TestApi } from '../../set-up/test-api.ts';

let api: TestApi;
let key: string;
let checks: number;
const readiness = {
  check: async () => {
    checks += 1;
    return { ready: true, components: { postgres: { ok: true } } };
  },
};
beforeAll(async () => {
  api = await startTestApi({ readiness, maxConnections: 20 });
  ({ key } = await api.newProject());
});
beforeEach(() => {
  checks = 0;
});
afterAll(() => api.close());

const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

async function open(): Promise<Socket> {
  const socket = connect(Number(new URL(api.url).port), '127.0.0.1');
  sockets.push(socket);
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** The statuses of the responses on `socket`, once there are `count` of them. */
async function responsesOn(socket: Socket, count: number): Promise<number[]> {
  const statuses: number[] = [];
  let rest = '';
  socket.on('data', (chunk: Buffer) => {
    const text = rest + chunk.toString('latin1');
    for (const [, status] of text.matchAll(/HTTP\/1\.1 (\d{3}) /g)) statuses.push(Number(status));
    rest = text.slice(-12);
  });
  await eventually(() => statuses.length >= count || socket.destroyed);
  return statuses;
}

const get = (path: string, headers = ''): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n${headers}\r\n`;
const withKey = (): string => `Authorization: Bearer ${key}\r\n`;

const p95Of = (times: number[]): number => times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.95)]!;

async function msOf(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

describe('pipelined requests', () => {
  test('are served in order, including their bodies', async () => {
    const socket = await open();
    const body = JSON.stringify({ type: 'a', data: 'x'.repeat(50_000) });
    const post = `POST /v1/events HTTP/1.1\r\nHost: x\r\n${withKey()}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    const responses = responsesOn(socket, 6);
    socket.write(get('/healthz') + post + get('/nope') + post + post + get('/healthz'));
    expect(await responses).toEqual([200, 202, 404, 202, 202, 200]);
  });

  test.each(['/healthz', '/readyz', '/nope', '/openapi.json'])(
    'to %s do not delay other connections, and take little memory',
    async (path) => {
      const count = path === '/openapi.json' ? 300 : 4_000;
      const ask = () => msOf(() => fetch(`${api.url}/healthz`));
      const alone: number[] = [];
      for (let i = 0; i < 30; i++) alone.push(await ask());
      const socket = await open();
      const before = process.memoryUsage().rss;
      let peak = before;
      const responses = responsesOn(socket, count);
      socket.write(get(path).repeat(count));
      const times: number[] = [];
      let done = false;
      void responses.then(() => (done = true));
      while (!done) {
        times.push(await ask());
        peak = Math.max(peak, process.memoryUsage().rss);
      }
      expect(await responses).toHaveLength(count);
      // If all requests started at once, the first would wait for the last. The margin is for a busy machine and the client in this process.
      expect(times.length).toBeGreaterThan(10);
      expect(p95Of(times)).toBeLessThan(2 * p95Of(alone) + 300);
      expect(peak - before).toBeLessThan(250 * 1024 * 1024);
    },
  );

  test('stay in the kernel while their client does not read', async () => {
    const socket = await open();
    socket.pause();
    let responded = 0;
    api.server.on('request', (_request, response) => response.on('close', () => (responded += 1)));
    socket.write(get('/openapi.json').repeat(2_000));
    await eventually(() => responded > 0);
    const { status } = await fetch(`${api.url}/healthz`);
    expect(status).toBe(200);
    expect(responded).toBeLessThan(1_000);
  });
});

test('concurrent readiness requests share one check', async () => {
  const socket = await open();
  const responses = responsesOn(socket, 200);
  socket.write(get('/readyz').repeat(200));
  await responses;
  expect(checks).toBeLessThanOrEqual(2);
});

test('unchanged documents get a 304 response', async () => {
  for (const path of ['/openapi.json', '/docs', '/docs/style.css']) {
    const first = await api.call('GET', path);
    const etag = first.headers.get('etag')!;
    const second = await api.call('GET', path, { headers: { 'if-none-match': etag } });
    expect([first.status, second.status, second.text]).toEqual([200, 304, '']);
  }
});

describe('at the connection limit', () => {
  test('connections without a key are closed, oldest first, and those with a key stay open', async () => {
    const known = await open();
    const first = responsesOn(known, 1);
    known.write(get('/v1/project', withKey()));
    await first;
    const idle: Socket[] = [];
    for (let i = 0; i < 60; i++) idle.push(await open());

    await eventually(() => idle.filter(({ closed }) => closed).length >= 40);
    expect(idle.slice(0, 40).every(({ closed }) => closed)).toBe(true);
    expect(known.destroyed).toBe(false);
    const again = responsesOn(known, 1);
    known.write(get('/v1/project', withKey()));
    expect(await again).toEqual([200]);
    expect((await api.call('GET', '/v1/project', { key })).status).toBe(200);
  });

  test('a tenant that waits on half of the connections gets 429, and another tenant is served', async () => {
    const { key: other } = await api.newProject();
    const body = '{"type":"a","data":1}';
    const begun = `POST /v1/events HTTP/1.1\r\nHost: x\r\n${withKey()}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n{`;
    for (let i = 0; i < 12; i++) (await open()).write(begun);
    await eventually(() => sockets.filter(({ bytesRead }) => bytesRead > 0).length === 2);
    const refused = await api.call('GET', '/v1/project', { key });
    expect(refused).toMatchObject({ status: 429, body: { code: 'quota_exceeded' } });
    expect(refused.headers.get('retry-after')).toBe('2');
    expect((await api.call('GET', '/v1/project', { key: other })).status).toBe(200);
  });
});

test('a server without a configured connection limit has a default', async () => {
  const server = createHttpServer((_request, response) => response.end(), new AbortController(), 'http://x');
  const port = await server.listen('127.0.0.1', 0);
  expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(200);
  await server.close();
});
