import { PassThrough } from 'node:stream';
import type { OutcomeStreams } from '../../../src/api/ports.ts';
import { createApiPerTest } from '../../set-up/api-per-test.ts';
import { eventually } from '../../set-up/eventually.ts';
import type { TestApi } from '../../set-up/test-api.ts';

const start = createApiPerTest();

/** Streams that the test writes to. */
function createTestStreams() {
  const opened: { scope: unknown; lastEventId: string | null; stream: PassThrough }[] = [];
  const streams: OutcomeStreams = {
    open: async (scope, _filter, lastEventId) => {
      if (lastEventId === 'old') return 'expired';
      const stream = new PassThrough();
      opened.push({ scope, lastEventId, stream });
      return stream;
    },
  };
  return { opened, streams };
}

const open = (api: TestApi, key: string, headers: Record<string, string> = {}) =>
  fetch(`${api.url}/v1/outcomes`, { headers: { authorization: `Bearer ${key}`, ...headers } });

test('a stream sends bytes at once, within the scope of the key and from the given id', async () => {
  const { opened, streams } = createTestStreams();
  const api = await start({ streams });
  const { id, key } = await api.newProject();
  const consumerKey = await keyOf(api, key, 'acme');
  const response = await open(api, consumerKey, { 'last-event-id': 'x.1.2' });
  expect(response.headers.get('content-type')).toContain('text/event-stream');
  expect(opened[0]).toMatchObject({ scope: { projectId: id, consumer: 'acme' }, lastEventId: 'x.1.2' });

  const reader = response.body!.getReader();
  opened[0]!.stream.write('id: 1\n\n');
  expect(Buffer.from((await reader.read()).value!).toString()).toBe('id: 1\n\n');
  await reader.cancel();
  await untilDestroyed(opened[0]!.stream);
});

test('an expired id returns 410, an invalid id 400', async () => {
  const api = await start({ streams: createTestStreams().streams });
  const { key } = await api.newProject();
  const headers = { 'last-event-id': 'old' };
  expect((await api.call('GET', '/v1/outcomes', { key, headers })).body).toMatchObject({
    code: 'cursor_expired',
  });
  expect((await api.call('GET', '/v1/outcomes', { key, headers: { 'last-event-id': 'a b' } })).status).toBe(
    400,
  );
});

test('HEAD opens no stream', async () => {
  const { opened, streams } = createTestStreams();
  const api = await start({ streams });
  const { key } = await api.newProject();
  const headers = { authorization: `Bearer ${key}` };

  const head = await fetch(`${api.url}/v1/outcomes`, { method: 'HEAD', headers });

  expect([head.status, head.headers.get('allow')]).toEqual([405, 'GET']);
  expect(opened).toEqual([]);
});

test('a stream ends after its key is deleted, also by another process', async () => {
  const { opened, streams } = createTestStreams();
  const api = await start({ streams });
  const { key } = await api.newProject();
  const response = await open(api, await keyOf(api, key, 'acme'));
  await api.database.pool.query("DELETE FROM api_keys WHERE consumer = 'acme'");
  await response.text();
  await untilDestroyed(opened[0]!.stream);
});

test('a stream that opens after its client has disconnected is destroyed', async () => {
  const stream = new PassThrough();
  const openCalled = Promise.withResolvers<void>();
  const opened = Promise.withResolvers<PassThrough>();
  const open: OutcomeStreams['open'] = () => {
    openCalled.resolve();
    return opened.promise;
  };
  const api = await start({ streams: { open } });
  const { key } = await api.newProject();
  const caller = new AbortController();
  const headers = { authorization: `Bearer ${key}` };
  const disconnected = new Promise<void>((resolve) =>
    api.server.once('request', (_, response) => response.once('close', resolve)),
  );
  const response = fetch(`${api.url}/v1/outcomes`, { headers, signal: caller.signal });
  await openCalled.promise;
  caller.abort();
  await expect(response).rejects.toThrow();
  await disconnected;
  opened.resolve(stream);
  await untilDestroyed(stream);
});

test('a key can have 20 open streams, and another one once one of them has ended', async () => {
  const { opened, streams } = createTestStreams();
  const api = await start({ streams });
  const { key } = await api.newProject();
  const others = (await api.newProject()).key;
  const twenty = await Promise.all(Array.from({ length: 20 }, () => open(api, key)));
  expect(twenty.map(({ status }) => status)).toEqual(Array(20).fill(200));

  // Both spellings carry the same key.
  for (const authorization of [`Bearer ${key}`, `bearer  ${key}`]) {
    const refused = await api.call('GET', '/v1/outcomes', { key, headers: { authorization } });
    expect([refused.status, refused.body]).toEqual([
      429,
      expect.objectContaining({ code: 'too_many_streams' }),
    ]);
  }
  expect((await open(api, others)).status).toBe(200);
  opened[0]!.stream.end();
  await Promise.race(twenty.map((response) => response.text()));
  await eventually(async () => (await open(api, key)).status === 200);
});

test('a failed stream ends its response, and the cause is logged once', async () => {
  const { opened, streams } = createTestStreams();
  const lines: unknown[][] = [];
  const log = { error: (...line: unknown[]) => lines.push(line), debug: () => {} };
  const api = await start({ streams, log: log as never });
  const response = await open(api, (await api.newProject()).key);
  opened[0]!.stream.destroy(new TypeError('canary'));

  expect(await response.text()).toBe('');
  expect(lines).toEqual([
    [expect.objectContaining({ err: expect.any(TypeError), route: 'GET /v1/outcomes' }), 'a request failed'],
  ]);
});

test('a stream ends when the process stops', async () => {
  const { opened, streams } = createTestStreams();
  const api = await start({ streams });
  const response = await open(api, (await api.newProject()).key);
  await api.closeServer();
  expect(await response.text()).toBe('');
  await untilDestroyed(opened[0]!.stream);
});

const untilDestroyed = (stream: PassThrough): Promise<void> =>
  new Promise((resolve) => (stream.destroyed ? resolve() : stream.once('close', () => resolve())));

async function keyOf(api: TestApi, key: string, consumer: string): Promise<string> {
  return ((await api.call('POST', '/v1/keys', { key, body: { consumer } })).body as { key: string }).key;
}
