import { randomUUID } from 'node:crypto';
import { type Receiver, startReceiver } from '../../receivers/receiver.ts';
import { maxP95UnderAttack, measureP95, whileAttacked } from '../../set-up/beside.ts';
import { SECRET } from '../../set-up/targets.ts';
import { startTestPosthorn, type TestPosthorn } from '../../set-up/test-posthorn.ts';

let posthorn: TestPosthorn;
let receiver: Receiver;
const open = new Set<AbortController>();

beforeAll(async () => {
  posthorn = await startTestPosthorn();
  receiver = await startReceiver([200]);
});
afterEach(() => {
  for (const stream of open) stream.abort();
  open.clear();
});
afterAll(async () => {
  await posthorn.close();
  await receiver.close();
});

async function openStream(key: string): Promise<Response> {
  const stream = new AbortController();
  open.add(stream);
  return fetch(`${posthorn.url}/v1/outcomes`, {
    headers: { authorization: `Bearer ${key}` },
    signal: stream.signal,
  });
}
const keyOf = async (projectKey: string, consumer?: string) =>
  (
    (
      await posthorn.client.call('POST', '/v1/keys', {
        key: projectKey,
        body: { ...(consumer && { consumer }) },
      })
    ).body as { key: string }
  ).key;
const target = () => ({
  id: randomUUID(),
  type: 'a.b',
  data: {},
  target: { url: receiver.url, secret: SECRET },
});
const deliver = () => posthorn.call('POST', '/v1/events?wait=20s', target());

test('200 streams of a busy project do not slow down another project', async () => {
  const busy = await posthorn.newProject();
  await measureP95(5, deliver);
  const idleBefore = await measureP95(30, deliver);
  const keys = await Promise.all(Array.from({ length: 10 }, () => keyOf(busy.key)));
  const responses = await Promise.all(
    keys.flatMap((key) => Array.from({ length: 20 }, () => openStream(key))),
  );
  expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([200]));
  // Half of the streams are read; the others never are.
  for (const response of responses.slice(100)) void response.text().catch(() => {});
  const { result } = await whileAttacked(
    1,
    () => posthorn.client.call('POST', '/v1/events?wait=5s', { key: busy.key, body: target() }),
    () => measureP95(30, deliver),
  );
  for (const stream of open) stream.abort();
  // The machine may have become slower since the first measurement, for reasons that have nothing to do with streams.
  const idleAfter = await measureP95(30, deliver);
  expect(result).toBeLessThan(maxP95UnderAttack(Math.max(idleBefore, idleAfter)));
});

test('the limit on streams of a consumer or project does not affect others', async () => {
  const { key } = await posthorn.newProject();
  const refused = { status: 429, code: 'quota_exceeded' };
  const statusOf = async (of: string) => {
    const response = await openStream(of);
    return response.status === 200
      ? 200
      : { status: response.status, code: ((await response.json()) as { code: string }).code };
  };
  const keys = await Promise.all(Array.from({ length: 3 }, () => keyOf(key, 'acme')));
  const results = await Promise.all(keys.flatMap((one) => Array.from({ length: 20 }, () => statusOf(one))));
  expect(results.filter((result) => result === 200)).toHaveLength(40);
  expect(results).toContainEqual(refused);
  expect(await statusOf(await keyOf(key, 'globex'))).toBe(200);
  expect(await statusOf(key)).toBe(200);
});

test('test events of a consumer that wait beyond the limit return at once', async () => {
  const { key } = await posthorn.newProject();
  const consumer = await keyOf(key, 'acme');
  const slow = await startReceiver([() => new Promise(() => {})]);
  const created = await posthorn.client.call('POST', '/v1/endpoints', {
    key: consumer,
    body: { url: slow.url },
  });
  const path = `/v1/endpoints/${(created.body as { id: string }).id}/test?wait=4s`;
  const startedAt = performance.now();
  const calls = await Promise.all(
    Array.from({ length: 30 }, async () => {
      const { status } = await posthorn.client.call('POST', path, { key: consumer });
      return { status, ms: performance.now() - startedAt };
    }),
  );
  expect(calls.every(({ status }) => status === 202)).toBe(true);
  expect(calls.filter(({ ms }) => ms >= 4_000)).toHaveLength(20);
  await slow.close();
});
