import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, test } from 'node:test';
import { type Outcome, PosthornClient } from '../src/index.ts';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

type ReceivedRequest = { method: string; url: string; headers: IncomingMessage['headers'] };

/** A server that responds to its n-th request with the n-th step, and to later requests with the last step. */
async function startServer(...steps: ((response: ServerResponse) => void)[]) {
  const requests: ReceivedRequest[] = [];
  const server = createServer((request, response) => {
    const step = steps[Math.min(requests.length, steps.length - 1)]!;
    requests.push({ method: request.method!, url: request.url!, headers: request.headers });
    request.resume().on('end', () => step(response));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => {
    server.close();
    server.closeAllConnections();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { requests, url, client: new PosthornClient({ url: `${url}/`, apiKey: 'ph_1', project: 'prj_1' }) };
}

const json =
  (status: number, body: unknown, headers: Record<string, string> = {}, type = 'application/json') =>
  (response: ServerResponse) =>
    response.writeHead(status, { 'content-type': type, ...headers }).end(JSON.stringify(body));

test('a call sends the key, the project and the query parameters that are set', async () => {
  const { client, requests } = await startServer(json(202, { id: 'evt_1' }));
  await client.events.send({ type: 'a.b', data: {} }, { wait: '10s' });
  await client.events.list({ type: 'a b&c' });
  assert.deepEqual(
    requests.map(({ method, url }) => `${method} ${url}`),
    ['POST /v1/events?wait=10s', 'GET /v1/events?type=a+b%26c'],
  );
  assert.equal(requests[0]!.headers.authorization, 'Bearer ph_1');
  assert.equal(requests[0]!.headers['posthorn-project'], 'prj_1');
});

test('a refused call throws an error with the code, the invalid fields and the request id', async () => {
  const errors = [{ pointer: '/data', detail: 'is required' }];
  const problem = {
    code: 'invalid_body',
    title: 'No',
    detail: 'Not so',
    instance: 'req_1',
    status: 422,
    errors,
  };
  const { client } = await startServer(
    json(422, problem, { 'retry-after': '7' }, 'application/problem+json; charset=utf-8'),
  );
  await assert.rejects(client.events.get('evt_1'), {
    name: 'PosthornError',
    status: 422,
    code: 'invalid_body',
    message: 'Not so (/data is required)',
    requestId: 'req_1',
    retryAfter: 7,
    errors,
  });
});

test('a response that is not from Posthorn is an error', async () => {
  const { client } = await startServer((response) =>
    response.writeHead(502, { 'content-type': 'text/html' }).end('<p>'),
  );
  await assert.rejects(client.events.get('evt_1'), {
    name: 'PosthornError',
    status: 502,
    code: 'unexpected_response',
  });
});

test('a redirect is not followed', async () => {
  const trap = await startServer(json(200, {}));
  const { client } = await startServer((response) => response.writeHead(307, { location: trap.url }).end());
  await assert.rejects(client.events.get('evt_1'), { status: 307 });
  assert.equal(trap.requests.length, 0);
});

test('an id cannot change the path', async () => {
  const { client, requests } = await startServer(json(200, {}));
  await client.consumers.get('a/../b?c');
  assert.equal(requests[0]!.url, '/v1/consumers/a%2F..%2Fb%3Fc');
  for (const id of ['', '.', '..']) assert.throws(() => client.consumers.get(id), TypeError);
});

test('all yields the items of all pages, and fetches a page when it is reached', async () => {
  const { client, requests } = await startServer(
    json(200, { items: [{ id: 'a' }, { id: 'b' }], nextCursor: 'x=' }),
    json(200, { items: [{ id: 'c' }], nextCursor: null }),
  );
  const ids: string[] = [];
  for await (const { id } of client.endpoints.all({ consumer: 'acme' })) {
    ids.push(id);
    if (id === 'b') assert.equal(requests.length, 1);
  }
  assert.deepEqual(ids, ['a', 'b', 'c']);
  assert.equal(requests[1]!.url, '/v1/endpoints?consumer=acme&cursor=x%3D');
});

test('readiness is returned also with status 503', async () => {
  const { client } = await startServer(json(503, { ready: false, components: {} }));
  assert.deepEqual(await client.health.readiness(), { ready: false, components: {} });
});

const outcome = (id: string) =>
  `id: ${id}\nevent: event.settled\ndata: {"id":"${id}","event":"evt_${id}"}\n\n`;
const stream =
  (...chunks: string[]) =>
  (response: ServerResponse) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const chunk of chunks) response.write(chunk);
    return response;
  };
const cut =
  (...chunks: string[]) =>
  (response: ServerResponse) => {
    stream(...chunks)(response);
    response.write('id: half', () => response.destroy());
  };

test('the stream of outcomes resumes after the last outcome when the connection is lost', async () => {
  const { client, requests } = await startServer(
    cut('retry: 1\nid: 0\n\n'),
    cut(': still here\n\n', outcome('1'), outcome('2')),
    json(500, {}),
    stream('retry: 1\nid: 2\n\n', outcome('3').slice(0, 20), outcome('3').slice(20)),
  );
  const outcomes: Outcome[] = [];
  const cursors: string[] = [];
  const onCursor = (id: string) => cursors.push(id);
  for await (const one of client.outcomes.stream({ lastEventId: 'start', onCursor })) {
    outcomes.push(one);
    if (outcomes.length === 3) break;
  }
  assert.deepEqual(
    outcomes.map(({ kind, id, event }) => [kind, id, event]),
    ['1', '2', '3'].map((id) => ['event.settled', id, `evt_${id}`]),
  );
  assert.deepEqual(
    requests.map(({ headers }) => headers['last-event-id']),
    ['start', '0', '2', '2'],
  );
  assert.deepEqual(cursors, ['0', '2']);
});

test('the stream of outcomes ends when its signal is aborted', async () => {
  const { client } = await startServer(stream('id: 0\n\n', outcome('1')));
  const ending = new AbortController();
  const ids: string[] = [];
  for await (const { id } of client.outcomes.stream({ signal: ending.signal })) {
    ids.push(id);
    ending.abort();
  }
  assert.deepEqual(ids, ['1']);
});

test('the stream of outcomes throws when its cursor has expired', async () => {
  const { client } = await startServer(json(410, { code: 'cursor_expired' }, {}, 'application/problem+json'));
  await assert.rejects(client.outcomes.stream({ lastEventId: 'old' }).next(), {
    code: 'cursor_expired',
    status: 410,
  });
});
