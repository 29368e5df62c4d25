import fc from 'fast-check';
import { sendRaw } from '../../set-up/raw-http.ts';
import { startTestApi, type TestApi } from '../../set-up/test-api.ts';

type Json = Record<string, unknown>;

let api: TestApi;
let key: string;
beforeAll(async () => {
  api = await startTestApi();
  ({ key } = await api.newProject());
});
afterAll(() => api.close());

const raw = (bytes: string): Promise<string> => sendRaw(api.url, bytes);

test.each([
  ['a parameter given twice', '/v1/events?type=a&type=b', 'type'],
  ['an unknown parameter', '/v1/events?tpye=a', 'tpye'],
  ['a limit of 0', '/v1/events?limit=0', 'limit'],
  ['a limit of 201', '/v1/events?limit=201', 'limit'],
  ['a limit that is not a number', '/v1/events?limit=ten', 'limit'],
  ['an unknown status', '/v1/events?status=done', 'status'],
  ['an invalid time', '/v1/events?since=yesterday', 'since'],
  ['NUL in a filter', '/v1/deliveries?event=a%00', 'event'],
  ['a parameter on a route without any', '/v1/project?x=1', 'x'],
])('%s returns 400 with the name of the parameter', async (_, path, pointer) => {
  const { status, body } = await api.call('GET', path, { key });
  expect({ status, ...(body as Json) }).toMatchObject({
    status: 400,
    code: 'invalid_query',
    errors: [{ pointer }],
  });
});

test.each(['61s', '1h', '10', '-1s', 'soon'])('a wait of %s returns 400', async (wait) => {
  const { status } = await api.call('POST', `/v1/events?wait=${wait}`, { key, body: { type: 'a', data: 1 } });
  expect(status).toBe(400);
});

test('an unknown path returns 404, a wrong method 405 with the allowed ones, an invalid escape 400', async () => {
  expect((await api.call('GET', '/v2/events', { key })).status).toBe(404);
  expect((await api.call('GET', '/v1/events/', { key })).status).toBe(404);
  expect((await api.call('GET', '/V1/events', { key })).status).toBe(404);
  const wrong = await api.call('DELETE', '/v1/events', { key });
  expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'POST, GET, HEAD']);
  expect((await api.call('GET', '/v1/events/%zz', { key })).status).toBe(400);
  expect((await api.call('GET', '/v1/events/a%00b', { key })).status).toBe(404);
  expect((await api.call('GET', '/v1/events/a%2Fb', { key })).status).toBe(404);
});

test('a problem has its id in a header too, and a type that the page /docs explains', async () => {
  const { body, headers } = await api.call('GET', '/v2', { key });
  const { instance, type } = body as { instance: string; type: string };
  expect(headers.get('x-request-id')).toBe(instance);
  const anchor = type.replace('http://posthorn.test/docs#', '');
  expect((await api.call('GET', '/docs')).text).toContain(`id="${anchor}"`);
});

test('invalid HTTP and too large headers get a problem response', async () => {
  expect(await raw('HELLO\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 [\s\S]*"code":"invalid_request"/);
  const many = `GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: ${'a'.repeat(20_000)}\r\n\r\n`;
  expect(await raw(many)).toMatch(/^HTTP\/1\.1 431 [\s\S]*"code":"headers_too_large"/);
});

test('two Host headers change nothing', async () => {
  expect(await raw('GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n')).toMatch(
    /^HTTP\/1\.1 200 /,
  );
});

test('any posted bytes get a response that the OpenAPI document describes, and never a 500', async () => {
  const paths = ['/v1/events', '/v1/events/batch', '/v1/endpoints', '/v1/keys'];
  const body = fc.oneof(
    fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
    fc.jsonValue().map((value) => Buffer.from(JSON.stringify(value))),
    fc
      .record(
        { type: fc.anything(), data: fc.jsonValue(), attributes: fc.anything(), id: fc.anything() },
        { requiredKeys: [] },
      )
      .map((value) =>
        Buffer.from(JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? String(part) : part))),
      ),
    fc
      .record(
        {
          url: fc.webUrl(),
          events: fc.array(fc.string()),
          headers: fc.dictionary(fc.string(), fc.string()),
          description: fc.string({ unit: 'binary' }),
        },
        { requiredKeys: [] },
      )
      .map((value) => Buffer.from(JSON.stringify(value))),
  );
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...paths), body, async (path, bytes) => {
      const { status } = await api.call('POST', path, { key, body: bytes });
      expect(status).toBeLessThan(500);
    }),
    { numRuns: 200 },
  );
});
