import { connect } from 'node:net';
import fc from 'fast-check';
import { startTestApi, type TestApi } from '../../set-up/test-api.ts';

type Json = Record<string, unknown>;

let api: TestApi;
let key: string;
beforeAll(async () => {
  api = await startTestApi();
  ({ key } = await api.newProject());
});
afterAll(() => api.close());

async function post(body: unknown, headers: Record<string, string> = {}, path = '/v1/events') {
  const { status, body: answer } = await api.call('POST', path, { key, body, headers });
  return { status, code: (answer as Json).code, errors: (answer as Json).errors };
}

/** Sends bytes as they are and returns all that comes back until the connection closes. */
function raw(bytes: string | Buffer, keepSending?: Buffer): Promise<string> {
  const { port } = new URL(api.url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), '127.0.0.1', () => socket.write(bytes));
    let text = '';
    socket.on('data', (chunk) => (text += chunk));
    socket.on('end', () => socket.end());
    socket.on('close', () => resolve(text));
    socket.on('error', (error) => (text === '' ? reject(error) : resolve(text)));
    if (keepSending) socket.write(keepSending);
  });
}

test.each([
  ['no content type', ''],
  ['a form', 'application/x-www-form-urlencoded'],
  ['text', 'text/plain'],
  ['another charset', 'application/json; charset=utf-16'],
  ['a parameter that is not known', 'application/json; version=2'],
])('%s is answered 415', async (_, type) => {
  expect(await post('{"type":"a","data":1}', { 'content-type': type })).toMatchObject({ status: 415 });
});

test.each([
  'application/json',
  'application/json; charset=utf-8',
  'application/JSON;charset="UTF-8"',
  'application/cloudevents+json',
])('the content type %s is accepted', async (type) => {
  expect(await post('{"type":"a","data":1}', { 'content-type': type })).toMatchObject({ status: 202 });
});

describe('a POST with neither a body nor a content type, as a bare curl sends it,', () => {
  const bare = (path: string, ...headers: string[]): Promise<string> =>
    raw(
      [`POST ${path} HTTP/1.1`, 'Host: a', `Authorization: Bearer ${key}`, 'Connection: close', ...headers]
        .join('\r\n')
        .concat('\r\n\r\n'),
    );

  test.each([
    ['/v1/keys', 201],
    ['/v1/endpoints/ID/rotate-secret', 200],
    ['/v1/endpoints/ID/test', 202],
  ])('is {} at %s, where every member may be left out', async (path, status) => {
    const made = await api.call('POST', '/v1/endpoints', { key, body: { url: 'http://127.0.0.1:9/' } });
    const at = path.replace('ID', (made.body as { id: string }).id);
    expect(await bare(at)).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(await bare(at, 'Content-Length: 0')).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect((await api.call('POST', at, { key })).status).toBe(status);
    expect(await bare(at, 'Content-Length: 2', '', '{}')).toMatch(/^HTTP\/1.1 415 /);
    const operation = api.document.paths[path.replace('ID', '{id}')]!.post!;
    expect(operation).toMatchObject({ requestBody: { required: false } });
  });

  test('is refused where a member is needed', async () => {
    expect(await bare('/v1/events')).toMatch(/^HTTP\/1.1 415 /);
    expect(api.document.paths['/v1/events']!.post).toMatchObject({ requestBody: { required: true } });
  });
});

test('a content encoding is answered 415, identity is none', async () => {
  expect(await post('{"type":"a","data":1}', { 'content-encoding': 'gzip' })).toMatchObject({ status: 415 });
  expect(await post('{"type":"a","data":1}', { 'content-encoding': 'identity' })).toMatchObject({
    status: 202,
  });
});

test.each([
  ['invalid UTF-8', Buffer.from([...Buffer.from('{"type":"a","data":"'), 0xc3, 0x28, ...Buffer.from('"}')])],
  [
    'an overlong NUL',
    Buffer.from([...Buffer.from('{"type":"a","data":"'), 0xc0, 0x80, ...Buffer.from('"}')]),
  ],
  [
    'a surrogate in UTF-8',
    Buffer.from([...Buffer.from('{"type":"a","data":"'), 0xed, 0xa0, 0x80, ...Buffer.from('"}')]),
  ],
  ['a byte order mark', Buffer.from('\ufeff{"type":"a","data":1}')],
  ['UTF-16', Buffer.from('{"type":"a","data":1}', 'utf16le')],
  ['a nesting over 64', `{"type":"a","data":${'['.repeat(64)}${']'.repeat(64)}}`],
  ['half a body', '{"type":"a",'],
  ['an empty body', ''],
])('%s is answered 400', async (_, body) => {
  expect(await post(body)).toMatchObject({ status: 400, code: 'malformed_json' });
});

test.each([
  ['a number', 1, ''],
  ['a list', [], ''],
  ['null', null, ''],
  ['no type', { data: 1 }, '/type'],
  ['no data', { type: 'a' }, '/data'],
  ['a type that is a number', { type: 1, data: 1 }, '/type'],
  ['an empty type', { type: '', data: 1 }, '/type'],
  ['a type of 129 characters', { type: 'a'.repeat(129), data: 1 }, '/type'],
  ['a type with a slash', { type: 'a/b', data: 1 }, '/type'],
  ['an id of 129 characters', { type: 'a', data: 1, id: 'a'.repeat(129) }, '/id'],
  ['an id with NUL', { type: 'a', data: 1, id: 'a\u0000' }, '/id'],
  ['an id with a dot', { type: 'a', data: 1, id: 'a.b' }, '/id'],
  ['an id with a line break at its end', { type: 'a', data: 1, id: 'a\n' }, '/id'],
  ['a consumer that is null', { type: 'a', data: 1, consumer: null }, '/consumer'],
  ['an attribute that is a number', { type: 'a', data: 1, attributes: { a: 1 } }, '/attributes/a'],
  ['an attribute with NUL', { type: 'a', data: 1, attributes: { a: '\u0000' } }, '/attributes/a'],
  [
    'an attribute with half a surrogate pair',
    { type: 'a', data: 1, attributes: { a: '\ud800' } },
    '/attributes/a',
  ],
  ['an attribute name with a space', { type: 'a', data: 1, attributes: { 'a b': '1' } }, '/attributes/a b'],
  ['a member that is not known', { type: 'a', data: 1, 'x/y~z': 2 }, '/x~1y~0z'],
])('%s is answered 422 with a pointer', async (_, body, pointer) => {
  expect(await post(JSON.stringify(body))).toMatchObject({
    status: 422,
    code: 'invalid_body',
    errors: [{ pointer }],
  });
});

test('members named __proto__ are refused, and in data they are data', async () => {
  expect(await post('{"type":"a","data":1,"__proto__":{"id":"x"}}')).toMatchObject({ status: 422 });
  expect(await post('{"type":"a","data":1,"attributes":{"__proto__":"1"}}')).toMatchObject({ status: 422 });
  expect(await post('{"type":"a","data":{"__proto__":{"x":1}}}')).toMatchObject({ status: 202 });
  expect(({} as Json).x).toBeUndefined();
});

test('a body of exactly the limit is accepted, one byte more is answered 413 and the connection closed', async () => {
  const limit = 64 * 1024;
  const fitting = JSON.stringify({ type: 'a', data: 'x'.repeat(limit - 22) });
  expect(fitting.length).toBe(limit);
  expect(await post(fitting)).toMatchObject({ status: 202 });
  const { status, headers } = await api.call('POST', '/v1/events', { key, body: `${fitting} ` });
  expect([status, headers.get('connection')]).toEqual([413, 'close']);
});

test('a chunked body over the limit is answered 413 although it never said its length', async () => {
  const chunk = `${(70_000).toString(16)}\r\n${'x'.repeat(70_000)}\r\n0\r\n\r\n`;
  const head = `POST /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${key}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`;
  expect(await raw(head + chunk)).toMatch(/^HTTP\/1\.1 413 [\s\S]*payload_too_large/);
});

test('a batch may have 16 times the bytes of an event', async () => {
  const events = Array.from({ length: 10 }, () => ({ type: 'a', data: 'x'.repeat(60_000) }));
  expect(await post({ events }, {}, '/v1/events/batch')).toMatchObject({ status: 202 });
  expect(await post({ events: [...events, ...events] }, {}, '/v1/events/batch')).toMatchObject({
    status: 413,
  });
});

test('a caller that goes away in the middle of its body harms nobody', async () => {
  const { port } = new URL(api.url);
  await new Promise<void>((resolve) => {
    const socket = connect(Number(port), '127.0.0.1', () => {
      socket.write(
        `POST /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${key}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"type"`,
        () => socket.destroy(),
      );
    });
    socket.on('close', () => resolve());
  });
  expect(await post({ type: 'a', data: 1 })).toMatchObject({ status: 202 });
});

test.each([
  ['a parameter given twice', '/v1/events?type=a&type=b', 'type'],
  ['one that is not known', '/v1/events?tpye=a', 'tpye'],
  ['a limit of 0', '/v1/events?limit=0', 'limit'],
  ['a limit of 201', '/v1/events?limit=201', 'limit'],
  ['a limit that is no number', '/v1/events?limit=ten', 'limit'],
  ['an unknown status', '/v1/events?status=done', 'status'],
  ['a time that is none', '/v1/events?since=yesterday', 'since'],
  ['NUL in a filter', '/v1/deliveries?event=a%00', 'event'],
  ['a parameter where none is taken', '/v1/project?x=1', 'x'],
])('%s is answered 400 with its name', async (_, path, pointer) => {
  const { status, body } = await api.call('GET', path, { key });
  expect({ status, ...(body as Json) }).toMatchObject({
    status: 400,
    code: 'invalid_query',
    errors: [{ pointer }],
  });
});

test.each(['61s', '1h', '10', '-1s', 'soon'])('a wait of %s is answered 400', async (wait) => {
  expect(await post({ type: 'a', data: 1 }, {}, `/v1/events?wait=${wait}`)).toMatchObject({ status: 400 });
});

test('an unknown address is 404, a wrong method 405 with what is allowed, a broken encoding 400', async () => {
  expect((await api.call('GET', '/v2/events', { key })).status).toBe(404);
  expect((await api.call('GET', '/v1/events/', { key })).status).toBe(404);
  expect((await api.call('GET', '/V1/events', { key })).status).toBe(404);
  const wrong = await api.call('DELETE', '/v1/events', { key });
  expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'POST, GET, HEAD']);
  expect((await api.call('GET', '/v1/events/%zz', { key })).status).toBe(400);
  expect((await api.call('GET', '/v1/events/a%00b', { key })).status).toBe(404);
  expect((await api.call('GET', '/v1/events/a%2Fb', { key })).status).toBe(404);
});

test('every problem has its id in the header too, and a type that the page /docs explains', async () => {
  const { body, headers } = await api.call('GET', '/v2', { key });
  const { instance, type } = body as { instance: string; type: string };
  expect(headers.get('x-request-id')).toBe(instance);
  const anchor = type.replace('http://posthorn.test/docs#', '');
  expect((await api.call('GET', '/docs')).text).toContain(`id="${anchor}"`);
});

test('what is not HTTP, or has too many headers, is answered in our shape', async () => {
  expect(await raw('HELLO\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 [\s\S]*"code":"invalid_request"/);
  const many = `GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: ${'a'.repeat(20_000)}\r\n\r\n`;
  expect(await raw(many)).toMatch(/^HTTP\/1\.1 431 [\s\S]*"code":"headers_too_large"/);
});

test('two Host headers change nothing', async () => {
  expect(await raw('GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n')).toMatch(
    /^HTTP\/1\.1 200 /,
  );
});

test('whatever JSON is posted as data comes back byte for byte', async () => {
  await fc.assert(
    fc.asyncProperty(fc.json({ maxDepth: 6 }), async (data) => {
      const body = `{"type":"a","data":${data}}`;
      const posted = await api.call('POST', '/v1/events', { key, body });
      expect(posted.status).toBe(202);
      const { id } = posted.body as { id: string };
      const { rows } = await api.database.pool.query('SELECT data FROM events WHERE id = $1', [id]);
      expect(rows[0].data.toString()).toBe(data.trim());
      expect((await api.call('GET', `/v1/events/${id}`, { key })).text).toContain(
        `"data":${data.trim()},"body":`,
      );
    }),
    { numRuns: 60 },
  );
});

test('whatever bytes are posted, the answer is one that the document describes and never a 500', async () => {
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
