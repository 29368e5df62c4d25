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

type Seen = { method: string; url: string; headers: IncomingMessage['headers'] };

/** A server that answers its n-th request by the n-th step, and every later one by the last. */
async function serverThat(...steps: ((response: ServerResponse) => void)[]) {
  const requests: Seen[] = [];
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

test('a call carries the key, the project, and only the members of its query that are set', async () => {
  const { client, requests } = await serverThat(json(202, { id: 'evt_1' }));
  await client.events.send({ type: 'a.b', data: {} }, { wait: '10s' });
  await client.events.list({ type: 'a b&c' });
  assert.deepEqual(
    requests.map(({ method, url }) => `${method} ${url}`),
    ['POST /v1/events?wait=10s', 'GET /v1/events?type=a+b%26c'],
  );
  assert.equal(requests[0]!.headers.authorization, 'Bearer ph_1');
  assert.equal(requests[0]!.headers['posthorn-project'], 'prj_1');
});

test('a refusal is an error with the code, the fields and the id of the request', async () => {
  const errors = [{ pointer: '/data', detail: 'is required' }];
  const problem = {
    code: 'invalid_body',
    title: 'No',
    detail: 'Not so',
    instance: 'req_1',
    status: 422,
    errors,
  };
  const { client } = await serverThat(
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

test('an answer of something else than Posthorn is an error, too', async () => {
  const { client } = await serverThat((response) =>
    response.writeHead(502, { 'content-type': 'text/html' }).end('<p>'),
  );
  await assert.rejects(client.events.get('evt_1'), {
    name: 'PosthornError',
    status: 502,
    code: 'unexpected_answer',
  });
});

test('a redirect is not followed, with the key or without', async () => {
  const trap = await serverThat(json(200, {}));
  const { client } = await serverThat((response) => response.writeHead(307, { location: trap.url }).end());
  await assert.rejects(client.events.get('evt_1'), { status: 307 });
  assert.equal(trap.requests.length, 0);
});

test('an id cannot lead to another path', async () => {
  const { client, requests } = await serverThat(json(200, {}));
  await client.consumers.get('a/../b?c');
  assert.equal(requests[0]!.url, '/v1/consumers/a%2F..%2Fb%3Fc');
  for (const id of ['', '.', '..']) assert.throws(() => client.consumers.get(id), TypeError);
});

test('all items come page by page, and no page is fetched before it is reached', async () => {
  const { client, requests } = await serverThat(
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

test('readiness is answered also when something is missing', async () => {
  const { client } = await serverThat(json(503, { ready: false, components: {} }));
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

test('the stream of outcomes resumes after the last one when the connection is lost', async () => {
  const { client, requests } = await serverThat(
    cut('retry: 1\nid: 0\n\n'),
    cut(': still here\n\n', outcome('1'), outcome('2')),
    json(500, {}),
    stream('retry: 1\nid: 2\n\n', outcome('3').slice(0, 20), outcome('3').slice(20)),
  );
  const seen: Outcome[] = [];
  for await (const one of client.outcomes.stream({ lastEventId: 'start' })) {
    seen.push(one);
    if (seen.length === 3) break;
  }
  assert.deepEqual(
    seen.map(({ kind, id, event }) => [kind, id, event]),
    ['1', '2', '3'].map((id) => ['event.settled', id, `evt_${id}`]),
  );
  assert.deepEqual(
    requests.map(({ headers }) => headers['last-event-id']),
    ['start', '0', '2', '2'],
  );
});

test('the stream of outcomes ends with its signal', async () => {
  const { client } = await serverThat(stream('id: 0\n\n', outcome('1')));
  const ending = new AbortController();
  const ids: string[] = [];
  for await (const { id } of client.outcomes.stream({ signal: ending.signal })) {
    ids.push(id);
    ending.abort();
  }
  assert.deepEqual(ids, ['1']);
});

test('the stream of outcomes throws when its place is gone', async () => {
  const { client } = await serverThat(json(410, { code: 'cursor_expired' }, {}, 'application/problem+json'));
  await assert.rejects(client.outcomes.stream({ lastEventId: 'old' }).next(), {
    code: 'cursor_expired',
    status: 410,
  });
});
