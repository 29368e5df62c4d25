import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { PassThrough } from 'node:stream';
import pg from 'pg';
import type { OutcomeStreams, SettlementWaiters } from '../../../src/api/ports.ts';
import { eventually } from '../../set-up/eventually.ts';
import { startTestApi, type TestApi } from '../../set-up/test-api.ts';

type Json = Record<string, unknown>;

const opened: TestApi[] = [];
async function start(replace: Parameters<typeof startTestApi>[0] = {}): Promise<TestApi> {
  const api = await startTestApi(replace);
  opened.push(api);
  return api;
}
afterEach(async () => {
  for (const api of opened.splice(0)) await api.close();
});

const event = { type: 'a', data: 1 };
const url = 'http://127.0.0.1:9/';

describe('waiting for an event', () => {
  async function startWaiting(waitUntilSettled: SettlementWaiters['waitUntilSettled']) {
    const api = await start({ settlementWaiters: { waitUntilSettled } });
    const { key } = await api.newProject();
    await api.call('POST', '/v1/endpoints', { key, body: { url } });
    return { api, key };
  }

  test('the answer is 200 with the deliveries as soon as all have settled', async () => {
    const { api, key } = await startWaiting(async ({ projectId }, eventId, timeoutMs) => {
      expect(timeoutMs).toBe(10_000);
      const settle = [
        "UPDATE events SET status = 'delivered', open_count = 0 WHERE project_id = $1 AND id = $2",
        "UPDATE deliveries SET status = 'delivered', due_at = NULL WHERE project_id = $1 AND event_id = $2",
      ];
      for (const statement of settle) await api.database.pool.query(statement, [projectId, eventId]);
      return true;
    });
    const { status, body } = await api.call('POST', '/v1/events?wait=10s', { key, body: event });
    expect({ status, body }).toMatchObject({
      status: 200,
      body: { status: 'delivered', deliveries: [{ status: 'delivered' }] },
    });
  });

  test('the answer is 202 with the present state when time is up first', async () => {
    const { api, key } = await startWaiting(async () => false);
    const { status, body } = await api.call('POST', '/v1/events?wait=1s', { key, body: event });
    expect({ status, body }).toMatchObject({ status: 202, body: { deliveries: [{ status: 'pending' }] } });
  });

  test('a caller that goes away is waited for no longer', async () => {
    const { promise: left, resolve } = Promise.withResolvers<void>();
    const waiting = Promise.withResolvers<void>();
    const { api, key } = await startWaiting(async (_project, _event, _ms, signal) => {
      signal.addEventListener('abort', () => resolve());
      waiting.resolve();
      await left;
      return false;
    });
    const caller = new AbortController();
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    const body = JSON.stringify(event);
    const answer = fetch(`${api.url}/v1/events?wait=60s`, {
      method: 'POST',
      headers,
      body,
      signal: caller.signal,
    });
    await waiting.promise;
    caller.abort();
    await expect(answer).rejects.toThrow();
    await left;
  });

  test('a process that stops answers those who wait at once, and then closes', async () => {
    const waiting = Promise.withResolvers<void>();
    const { api, key } = await startWaiting(async (_project, _event, _ms, signal) => {
      waiting.resolve();
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      return false;
    });
    const answer = api.call('POST', '/v1/events?wait=60s', { key, body: event });
    await waiting.promise;
    await api.closeServer();
    expect((await answer).status).toBe(202);
    await expect(fetch(`${api.url}/healthz`)).rejects.toThrow();
  });
});

describe('the outcome stream', () => {
  /** Streams that are written to by the test. */
  function streamsOfTheTest() {
    const asked: { scope: unknown; lastEventId: string | null; stream: PassThrough }[] = [];
    const streams: OutcomeStreams = {
      open: async (scope, lastEventId) => {
        if (lastEventId === 'old') return 'expired';
        const stream = new PassThrough();
        asked.push({ scope, lastEventId, stream });
        return stream;
      },
    };
    return { asked, streams };
  }

  const open = (api: TestApi, key: string, headers: Record<string, string> = {}) =>
    fetch(`${api.url}/v1/outcomes`, { headers: { authorization: `Bearer ${key}`, ...headers } });

  test('bytes arrive as they are written, for the scope of the key and from the id that was named', async () => {
    const { asked, streams } = streamsOfTheTest();
    const api = await start({ streams });
    const { id, key } = await api.newProject();
    const consumerKey = await keyOf(api, key, 'acme');
    const response = await open(api, consumerKey, { 'last-event-id': 'x.1.2' });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    expect(asked[0]).toMatchObject({ scope: { projectId: id, consumer: 'acme' }, lastEventId: 'x.1.2' });

    const reader = response.body!.getReader();
    asked[0]!.stream.write('id: 1\n\n');
    expect(Buffer.from((await reader.read()).value!).toString()).toBe('id: 1\n\n');
    await reader.cancel();
    await untilDestroyed(asked[0]!.stream);
  });

  test('an id that is older than what is kept is answered 410, one that is none 400', async () => {
    const api = await start({ streams: streamsOfTheTest().streams });
    const { key } = await api.newProject();
    const headers = { 'last-event-id': 'old' };
    expect((await api.call('GET', '/v1/outcomes', { key, headers })).body).toMatchObject({
      code: 'cursor_expired',
    });
    expect((await api.call('GET', '/v1/outcomes', { key, headers: { 'last-event-id': 'a b' } })).status).toBe(
      400,
    );
  });

  test('a stream ends within a second of the deletion of its key, in another process too', async () => {
    const { asked, streams } = streamsOfTheTest();
    const api = await start({ streams });
    const { key } = await api.newProject();
    const response = await open(api, await keyOf(api, key, 'acme'));
    await api.database.pool.query("DELETE FROM api_keys WHERE consumer = 'acme'");
    const deletedAt = performance.now();
    await response.text();
    expect(performance.now() - deletedAt).toBeLessThan(1_500);
    await untilDestroyed(asked[0]!.stream);
  });

  test('a stream that opens after its caller has gone is destroyed', async () => {
    const stream = new PassThrough();
    const asked = Promise.withResolvers<void>();
    const opened = Promise.withResolvers<PassThrough>();
    const open: OutcomeStreams['open'] = () => {
      asked.resolve();
      return opened.promise;
    };
    const api = await start({ streams: { open } });
    const { key } = await api.newProject();
    const caller = new AbortController();
    const headers = { authorization: `Bearer ${key}` };
    const gone = new Promise<void>((resolve) =>
      api.server.once('request', (_, response) => response.once('close', resolve)),
    );
    const answer = fetch(`${api.url}/v1/outcomes`, { headers, signal: caller.signal });
    await asked.promise;
    caller.abort();
    await expect(answer).rejects.toThrow();
    await gone;
    opened.resolve(stream);
    await untilDestroyed(stream);
  });

  test('a key may have twenty streams open, and another one once one of them has ended', async () => {
    const { asked, streams } = streamsOfTheTest();
    const api = await start({ streams });
    const { key } = await api.newProject();
    const others = (await api.newProject()).key;
    const twenty = await Promise.all(Array.from({ length: 20 }, () => open(api, key)));
    expect(twenty.map(({ status }) => status)).toEqual(Array(20).fill(200));

    // However it is written, it is the same key.
    for (const authorization of [`Bearer ${key}`, `bearer  ${key}`]) {
      const refused = await api.call('GET', '/v1/outcomes', { key, headers: { authorization } });
      expect([refused.status, refused.body]).toEqual([
        429,
        expect.objectContaining({ code: 'too_many_streams' }),
      ]);
    }
    expect((await open(api, others)).status).toBe(200);
    asked[0]!.stream.end();
    await Promise.race(twenty.map((response) => response.text()));
    await eventually(async () => (await open(api, key)).status === 200);
  });

  test('a stream that fails ends its answer, and the reason is logged once', async () => {
    const { asked, streams } = streamsOfTheTest();
    const lines: unknown[][] = [];
    const log = { error: (...line: unknown[]) => lines.push(line), debug: () => {} };
    const api = await start({ streams, log: log as never });
    const response = await open(api, (await api.newProject()).key);
    asked[0]!.stream.destroy(new TypeError('canary'));

    expect(await response.text()).toBe('');
    expect(lines).toEqual([
      [
        expect.objectContaining({ err: expect.any(TypeError), route: 'GET /v1/outcomes' }),
        'a request failed',
      ],
    ]);
  });

  test('a stream ends when the process stops', async () => {
    const { asked, streams } = streamsOfTheTest();
    const api = await start({ streams });
    const response = await open(api, (await api.newProject()).key);
    await api.closeServer();
    expect(await response.text()).toBe('');
    await untilDestroyed(asked[0]!.stream);
  });

  const untilDestroyed = (stream: PassThrough): Promise<void> =>
    new Promise((resolve) => (stream.destroyed ? resolve() : stream.once('close', () => resolve())));
});

describe('while Postgres is away', () => {
  /** A server that takes connections and never says a word. */
  const silent = createServer();
  beforeAll(() => once(silent.listen(0, '127.0.0.1'), 'listening'));
  afterAll(() => silent.close());

  test('every route that needs it answers 503 with Retry-After, and health stays up', async () => {
    const { port } = silent.address() as AddressInfo;
    const away = new pg.Pool({ host: '127.0.0.1', port, connectionTimeoutMillis: 50 });
    const api = await start({ pool: away });
    const asked = ['/v1/events', '/v1/endpoints', '/v1/outcomes', '/v1/project'];
    const answers = [
      ...(await Promise.all(asked.map((path) => api.call('GET', path, { key: 'ph_any' })))),
      await api.call('POST', '/v1/events', { key: 'ph_any', body: event }),
    ];
    for (const { status, headers, body } of answers) {
      expect({ status, retry: headers.get('retry-after'), ...(body as Json) }).toMatchObject({
        status: 503,
        retry: '2',
        code: 'unavailable',
      });
    }
    expect((await api.call('GET', '/healthz')).status).toBe(200);
  });

  test('an event whose commit is in doubt is never answered 2xx', async () => {
    const refused = async () => {
      throw new pg.DatabaseError('terminating connection due to administrator command', 0, 'error');
    };
    const api = await start({ acceptor: { acceptOne: refused, acceptAll: refused } });
    const { key } = await api.newProject();
    expect((await api.call('POST', '/v1/events', { key, body: event })).status).toBeGreaterThanOrEqual(500);
  });
});

test('readiness names what is missing', async () => {
  const components = { postgres: { ok: true }, temporal: { ok: false, detail: 'connecting to 127.0.0.1:1' } };
  const api = await start({ readiness: { check: async () => ({ ready: false, components }) } });
  expect(await api.call('GET', '/readyz')).toMatchObject({ status: 503, body: { ready: false, components } });
});

test('a failure of ours is answered without its reason, which is logged', async () => {
  const lines: unknown[][] = [];
  const log = { error: (...line: unknown[]) => lines.push(line), debug: () => {} };
  const links = { urlOf: async () => null };
  const deliveryCommands = { retry: broken, cancel: broken, deleteEndpoint: broken };
  const api = await start({ log: log as never, links, deliveryCommands });
  const { key } = await api.newProject();
  const { status, text } = await api.call('POST', '/v1/deliveries/dlv_1/retry', { key });
  expect(status).toBe(500);
  expect(text).not.toContain('canary');
  expect(lines).toHaveLength(1);
});

const broken = async (): Promise<never> => {
  throw new TypeError('canary');
};

test('an address that sends too many wrong keys is answered 429; keys that worked go on', async () => {
  const api = await start({ config: { maxWrongKeysPerMinute: 3 } });
  const { key } = await api.newProject();
  await api.call('GET', '/v1/project', { key });
  const statuses = [];
  for (let i = 0; i < 5; i++)
    statuses.push((await api.call('GET', '/v1/project', { key: `ph_wrong${i}` })).status);
  expect(statuses).toEqual([401, 401, 401, 429, 429]);
  expect((await api.call('GET', '/v1/project', { key })).status).toBe(200);
});

test('the page of the docs names every route, shape and code, and runs no script', async () => {
  const api = await start();
  const { text, headers } = await api.call('GET', '/docs');
  expect(headers.get('content-security-policy')).toContain("default-src 'none'");
  expect(text).not.toMatch(/<script|javascript:|style="|https?:\/\/(?!posthorn|example|127)/);
  for (const item of Object.values(api.document.paths)) {
    for (const { operationId } of Object.values(item)) expect(text).toContain(`id="${operationId}"`);
  }
  expect((await api.call('GET', '/docs/style.css')).headers.get('content-type')).toContain('text/css');
});

test('the document names each operation once', async () => {
  const { document } = await start();
  const ids = Object.values(document.paths).flatMap((item) =>
    Object.values(item).map((one) => one.operationId),
  );
  expect(new Set(ids).size).toBe(ids.length);
});

async function keyOf(api: TestApi, key: string, consumer: string): Promise<string> {
  return ((await api.call('POST', '/v1/keys', { key, body: { consumer } })).body as { key: string }).key;
}

test('a process that stops under load answers all that it took, and takes no more', async () => {
  const api = await start();
  const { key } = await api.newProject();
  const answered: number[] = [];
  let taken = 0;
  const callers = Array.from({ length: 8 }, async () => {
    for (;;) {
      const answer = await api.call('GET', '/v1/project', { key }).catch(() => undefined);
      if (!answer) return;
      answered.push(answer.status);
      taken++;
      if (taken === 50) void api.closeServer();
    }
  });
  await Promise.all(callers);
  expect(new Set(answered)).toEqual(new Set([200]));
});

test('a method that nobody knows is answered 405 like any other', async () => {
  const api = await start();
  const options = await api.call('OPTIONS', '/v1/events');
  expect([options.status, options.headers.get('allow')]).toEqual([405, 'POST, GET, HEAD']);
  expect((await fetch(`${api.url}/healthz`, { method: 'HEAD' })).status).toBe(200);
});

test('an event that was stored is answered 202 even when Postgres goes away before it settles', async () => {
  const reachable = { isSo: true };
  const waitUntilSettled = async () => {
    reachable.isSo = false;
    return true;
  };
  const api = await start({ settlementWaiters: { waitUntilSettled } });
  const { key } = await api.newProject();
  await api.call('POST', '/v1/endpoints', { key, body: { url } });
  const { pool } = api.database;
  const query = pool.query.bind(pool) as (...statement: unknown[]) => unknown;
  Object.assign(pool, {
    query: (...statement: unknown[]) =>
      reachable.isSo ? query(...statement) : Promise.reject(new Error('Connection terminated unexpectedly')),
  });
  const { status, body } = await api.call('POST', '/v1/events?wait=1s', { key, body: event });
  expect({ status, body }).toMatchObject({ status: 202, body: { status: 'pending', deliveryCount: 1 } });
});
