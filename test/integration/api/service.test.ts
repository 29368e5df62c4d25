import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import pg from 'pg';
import { createApiPerTest } from '../../set-up/api-per-test.ts';

const start = createApiPerTest();

type Json = Record<string, unknown>;
const event = { type: 'a', data: 1 };

describe('while Postgres is down', () => {
  /** A server that accepts connections and never responds. */
  const silent = createServer();
  beforeAll(() => once(silent.listen(0, '127.0.0.1'), 'listening'));
  afterAll(() => silent.close());

  test('every route that needs it returns 503 with Retry-After, and the health check succeeds', async () => {
    const { port } = silent.address() as AddressInfo;
    const away = new pg.Pool({ host: '127.0.0.1', port, connectionTimeoutMillis: 50 });
    const api = await start({ pool: away });
    const asked = ['/v1/events', '/v1/endpoints', '/v1/outcomes', '/v1/project'];
    const responses = [
      ...(await Promise.all(asked.map((path) => api.call('GET', path, { key: 'ph_any' })))),
      await api.call('POST', '/v1/events', { key: 'ph_any', body: event }),
    ];
    for (const { status, headers, body } of responses) {
      expect({ status, retry: headers.get('retry-after'), ...(body as Json) }).toMatchObject({
        status: 503,
        retry: '2',
        code: 'unavailable',
      });
    }
    expect((await api.call('GET', '/healthz')).status).toBe(200);
  });

  test('an event whose commit is uncertain never gets a 2xx response', async () => {
    const refused = async () => {
      throw new pg.DatabaseError('terminating connection due to administrator command', 0, 'error');
    };
    const api = await start({ acceptor: { acceptOne: refused, acceptAll: refused } });
    const { key } = await api.newProject();
    expect((await api.call('POST', '/v1/events', { key, body: event })).status).toBeGreaterThanOrEqual(500);
  });
});

test('the readiness check names unavailable components', async () => {
  const components = { postgres: { ok: true }, temporal: { ok: false, detail: 'connecting to 127.0.0.1:1' } };
  const api = await start({ readiness: { check: async () => ({ ready: false, components }) } });
  expect(await api.call('GET', '/readyz')).toMatchObject({ status: 503, body: { ready: false, components } });
});

test('an internal error is logged with its cause, which the response does not contain', async () => {
  const lines: unknown[][] = [];
  const log = { error: (...line: unknown[]) => lines.push(line), debug: () => {} };
  const links = { urlOf: async () => null };
  const deliveryCommands = { retry: broken, cancel: broken, deliverTo: broken, deleteEndpoint: broken };
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

test('an address that sends too many wrong keys gets 429; keys that worked before keep working', async () => {
  const api = await start({ config: { maxWrongKeysPerMinute: 3 } });
  const { key } = await api.newProject();
  await api.call('GET', '/v1/project', { key });
  const statuses = [];
  for (let i = 0; i < 5; i++)
    statuses.push((await api.call('GET', '/v1/project', { key: `ph_wrong${i}` })).status);
  expect(statuses).toEqual([401, 401, 401, 429, 429]);
  expect((await api.call('GET', '/v1/project', { key })).status).toBe(200);
});

test('the reference page contains every route, and needs no script', async () => {
  const api = await start();
  const { text, headers } = await api.call('GET', '/docs');
  expect(headers.get('content-security-policy')).toContain("default-src 'none'");
  expect(text).not.toMatch(/<script|javascript:|style="|https?:\/\/(?!posthorn|([a-z]+\.)?example|127)/);
  for (const item of Object.values(api.document.paths)) {
    for (const { operationId } of Object.values(item)) expect(text).toContain(`id="${operationId}"`);
  }
  expect((await api.call('GET', '/docs/style.css')).headers.get('content-type')).toContain('text/css');
});

test('operation ids are unique in the OpenAPI document', async () => {
  const { document } = await start();
  const ids = Object.values(document.paths).flatMap((item) =>
    Object.values(item).map((one) => one.operationId),
  );
  expect(new Set(ids).size).toBe(ids.length);
});

test('a process that stops under load responds to every accepted request, and accepts no more', async () => {
  const api = await start();
  const { key } = await api.newProject();
  const responded: number[] = [];
  let taken = 0;
  const callers = Array.from({ length: 8 }, async () => {
    for (;;) {
      const response = await api.call('GET', '/v1/project', { key }).catch(() => undefined);
      if (!response) return;
      responded.push(response.status);
      taken++;
      if (taken === 50) void api.closeServer();
    }
  });
  await Promise.all(callers);
  expect(new Set(responded)).toEqual(new Set([200]));
});

test('an OPTIONS request gets 405 like any unsupported method', async () => {
  const api = await start();
  const options = await api.call('OPTIONS', '/v1/events');
  expect([options.status, options.headers.get('allow')]).toEqual([405, 'POST, GET, HEAD']);
  expect((await fetch(`${api.url}/healthz`, { method: 'HEAD' })).status).toBe(200);
});
