import { randomUUID } from 'node:crypto';
import { type Receiver, startReceiver } from '../../receivers/receiver.ts';
import { maxP95UnderAttack, measureP95, whileAttacked } from '../../set-up/beside.ts';
import { SECRET } from '../../set-up/targets.ts';
import { startTestPosthorn, type TestPosthorn } from '../../set-up/test-posthorn.ts';

const EVENTS = 150_000;
const VICTIMS_CALLS = 60;

let posthorn: TestPosthorn;
let receiver: Receiver;
let attacked: { id: string; key: string };

beforeAll(async () => {
  posthorn = await startTestPosthorn();
  receiver = await startReceiver([200]);
  attacked = await posthorn.newProject();
  await posthorn.database.pool.query(
    `INSERT INTO events (project_id, id, type, consumer, attributes, data, body, content_hash, profile, profile_version,
                         status, delivery_count, open_count, created_at)
     SELECT $1, 'evt_' || n, 'often', 'consumer-' || n % 100, '{}', '{}', '{}', '', 'standard-webhooks', 1, 'delivered', 0, 0,
            now() - n * interval '1 second'
     FROM generate_series(1, ${EVENTS}) AS n`,
    [attacked.id],
  );
  await posthorn.database.pool.query('ANALYZE events');
});
afterAll(async () => {
  await posthorn.close();
  await receiver.close();
});

const keyOf = async (consumer: string) =>
  (await posthorn.client.call('POST', '/v1/keys', { key: attacked.key, body: { consumer } })).body as {
    key: string;
  };
const get = (path: string, key: string) =>
  fetch(`${posthorn.url}${path}`, { headers: { authorization: `Bearer ${key}` } });

/** Posts an event and waits until it is delivered, as the victim's customers do. */
const deliver = () =>
  posthorn.call('POST', '/v1/events?wait=20s', {
    id: randomUUID(),
    type: 'a.b',
    data: {},
    target: { url: receiver.url, secret: SECRET },
  });

test.each([
  ['a consumer without events, which looks for a type that nobody has', '/v1/events?type=zz', 'nobody'],
  ['a consumer that looks for a type that nobody has', '/v1/events?type=zz', 'consumer-7'],
  ['the project, which looks for a type that nobody has', '/v1/events?type=zz', null],
  ['the project, which looks for a status that nothing has', '/v1/events?status=undeliverable', null],
])('thirty loops of %s do not slow down another project', async (_, path, consumer) => {
  const key = consumer === null ? attacked.key : (await keyOf(consumer)).key;
  await measureP95(10, deliver);
  const aloneBefore = await measureP95(VICTIMS_CALLS, deliver);
  const statuses = new Map<number, number>();
  const { result, calls } = await whileAttacked(
    30,
    async () => {
      const response = await get(path, key);
      await response.arrayBuffer();
      statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
    },
    () => measureP95(VICTIMS_CALLS, deliver),
  );
  // Other suites may have become busier meanwhile.
  const aloneAfter = await measureP95(VICTIMS_CALLS, deliver);
  expect(calls).toBeGreaterThan(30);
  // A project over its share gets 429; no project gets 503.
  for (const status of statuses.keys()) expect([200, 429]).toContain(status);
  expect(result).toBeLessThan(maxP95UnderAttack(Math.max(aloneBefore, aloneAfter)));
});

test('a project with few waiting reads is served before a project with many', async () => {
  const quiet = await posthorn.newProject();
  const alone = await measureP95(30, () => get('/v1/events', quiet.key));
  const { result } = await whileAttacked(
    30,
    () => get('/v1/events?type=zz', attacked.key),
    () => measureP95(30, () => get('/v1/events', quiet.key)),
  );
  expect(result).toBeLessThan(maxP95UnderAttack(alone));
});
