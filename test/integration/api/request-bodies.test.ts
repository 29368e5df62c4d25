import { connect } from 'node:net';
import fc from 'fast-check';
import { EVENT_DATA } from '../../../src/store/events/event-bytes.ts';
import { sendRaw } from '../../set-up/raw-http.ts';
import { startTestApi, type TestApi } from '../../set-up/test-api.ts';

type Json = Record<string, unknown>;

/** Attributes whose names have four bytes. */
const attributesOf = (count: number, valueBytes = 1) =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`a${100 + n}`, 'v'.repeat(valueBytes)]));

let api: TestApi;
let key: string;
beforeAll(async () => {
  api = await startTestApi();
  ({ key } = await api.newProject());
});
afterAll(() => api.close());

const raw = (bytes: string): Promise<string> => sendRaw(api.url, bytes);

async function post(body: unknown, headers: Record<string, string> = {}, path = '/v1/events') {
  const { status, body: response } = await api.call('POST', path, { key, body, headers });
  return { status, code: (response as Json).code, errors: (response as Json).errors };
}

test.each([
  ['no content type', ''],
  ['a form', 'application/x-www-form-urlencoded'],
  ['text', 'text/plain'],
  ['another charset', 'application/json; charset=utf-16'],
  ['an unknown parameter', 'application/json; version=2'],
])('%s returns 415', async (_, type) => {
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

describe('a POST without a body and a content type, as curl sends it,', () => {
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
  ])('is accepted by %s, where every member is optional', async (path, status) => {
    const created = await api.call('POST', '/v1/endpoints', { key, body: { url: 'http://127.0.0.1:9/' } });
    const at = path.replace('ID', (created.body as { id: string }).id);
    expect(await bare(at)).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(await bare(at, 'Content-Length: 0')).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect((await api.call('POST', at, { key })).status).toBe(status);
    expect(await bare(at, 'Content-Length: 2', '', '{}')).toMatch(/^HTTP\/1.1 415 /);
    const operation = api.document.paths[path.replace('ID', '{id}')]!.post!;
    expect(operation).toMatchObject({ requestBody: { required: false } });
  });

  test('is rejected where a member is required', async () => {
    expect(await bare('/v1/events')).toMatch(/^HTTP\/1.1 415 /);
    expect(api.document.paths['/v1/events']!.post).toMatchObject({ requestBody: { required: true } });
  });
});

test('a content encoding returns 415, except identity', async () => {
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
  ['a nesting deeper than 64', `{"type":"a","data":${'['.repeat(64)}${']'.repeat(64)}}`],
  ['half a body', '{"type":"a",'],
  ['an empty body', ''],
])('%s returns 400', async (_, body) => {
  expect(await post(body)).toMatchObject({ status: 400, code: 'malformed_json' });
});

test.each([
  ['a number', 1, ''],
  ['an array', [], ''],
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
    'an attribute with an unpaired surrogate',
    { type: 'a', data: 1, attributes: { a: '\ud800' } },
    '/attributes/a',
  ],
  ['an attribute name with a space', { type: 'a', data: 1, attributes: { 'a b': '1' } }, '/attributes/a b'],
  ['65 attributes', { type: 'a', data: 1, attributes: attributesOf(65) }, '/attributes'],
  [
    'attributes of more than 16 KiB',
    { type: 'a', data: 1, attributes: attributesOf(64, 253) },
    '/attributes',
  ],
  ['an unknown member', { type: 'a', data: 1, 'x/y~z': 2 }, '/x~1y~0z'],
])('%s returns 422 with a pointer', async (_, body, pointer) => {
  expect(await post(JSON.stringify(body))).toMatchObject({
    status: 422,
    code: 'invalid_body',
    errors: [{ pointer }],
  });
});

test('64 attributes of 16 KiB in all are accepted', async () => {
  const body = JSON.stringify({ type: 'a', data: 1, attributes: attributesOf(64, 252) });
  expect(await post(body)).toMatchObject({ status: 202 });
});

test('members named __proto__ are rejected, except in data', async () => {
  expect(await post('{"type":"a","data":1,"__proto__":{"id":"x"}}')).toMatchObject({ status: 422 });
  expect(await post('{"type":"a","data":1,"attributes":{"__proto__":"1"}}')).toMatchObject({ status: 422 });
  expect(await post('{"type":"a","data":{"__proto__":{"x":1}}}')).toMatchObject({ status: 202 });
  expect(({} as Json).x).toBeUndefined();
});

test('a body of exactly the limit is accepted; one byte more returns 413 and closes the connection', async () => {
  const limit = 64 * 1024;
  const fitting = JSON.stringify({ type: 'a', data: 'x'.repeat(limit - 22) });
  expect(fitting.length).toBe(limit);
  expect(await post(fitting)).toMatchObject({ status: 202 });
  const { status, headers } = await api.call('POST', '/v1/events', { key, body: `${fitting} ` });
  expect([status, headers.get('connection')]).toEqual([413, 'close']);
});

test('a chunked body over the limit returns 413 although it declares no length', async () => {
  const chunk = `${(70_000).toString(16)}\r\n${'x'.repeat(70_000)}\r\n0\r\n\r\n`;
  const head = `POST /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${key}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`;
  expect(await raw(head + chunk)).toMatch(/^HTTP\/1\.1 413 [\s\S]*payload_too_large/);
});

test('a batch can have 16 times the bytes of an event', async () => {
  const events = Array.from({ length: 10 }, () => ({ type: 'a', data: 'x'.repeat(60_000) }));
  expect(await post({ events }, {}, '/v1/events/batch')).toMatchObject({ status: 202 });
  expect(await post({ events: [...events, ...events] }, {}, '/v1/events/batch')).toMatchObject({
    status: 413,
  });
});

test('a client that disconnects in the middle of its body does not affect others', async () => {
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

test('any JSON that is posted as data is returned byte for byte', async () => {
  await fc.assert(
    fc.asyncProperty(fc.json({ maxDepth: 6 }), async (data) => {
      const body = `{"type":"a","data":${data}}`;
      const posted = await api.call('POST', '/v1/events', { key, body });
      expect(posted.status).toBe(202);
      const { id } = posted.body as { id: string };
      const { rows } = await api.database.pool.query(
        `SELECT ${EVENT_DATA} AS data FROM events e WHERE id = $1`,
        [id],
      );
      expect(rows[0].data.toString()).toBe(data.trim());
      expect((await api.call('GET', `/v1/events/${id}`, { key })).text).toContain(
        `"data":${data.trim()},"body":`,
      );
    }),
    { numRuns: 60 },
  );
});
