import { join } from 'node:path';
import { receiversPerTest } from '../../receivers/receivers-per-test.ts';
import { type Installation, installOnSharedServers } from '../installation/installation.ts';
import { endAllProcesses, type PosthornProcess } from '../installation/posthorn-process.ts';

const FORTY_DAYS_MS = 40 * 86_400_000;

const receiverThat = receiversPerTest();
let posthorn: Installation;
let process: PosthornProcess;
let key: string;

beforeAll(async () => {
  posthorn = await installOnSharedServers();
  process = await posthorn.startBoth({
    NODE_OPTIONS: `--import=${join(__dirname, '../installation/shifted-clock.mjs')}`,
    CLOCK_SHIFT_MS: String(FORTY_DAYS_MS),
  });
  ({ key } = await posthorn.api.newProject({ delays: ['1s'] }));
});
afterAll(async () => {
  await endAllProcesses();
  await posthorn.close();
});

const call = <T>(method: string, path: string, body?: unknown) =>
  posthorn.api.call<T>(key, method, path, body);

const expectNow = (time: string | number | Date): void =>
  expect(Math.abs(new Date(time).getTime() - Date.now())).toBeLessThan(30_000);

test('a process whose clock is 40 days ahead stores and signs the time of Postgres', async () => {
  const receiver = await receiverThat(500, 200);
  await call('POST', '/v1/endpoints', { url: receiver.url, events: ['dated'] });

  const event = await call<{ status: string; createdAt: string }>('POST', '/v1/events?wait=30s', {
    type: 'dated',
    data: {},
  });

  expect(event.status).toBe('delivered');
  expectNow(event.createdAt);
  expect(receiver.requests).toHaveLength(2);
  for (const { headers, body } of receiver.requests) {
    expectNow(Number(headers['webhook-timestamp']) * 1_000);
    expectNow(JSON.parse(body.toString()).timestamp);
  }
  const { rows } = await posthorn.pool.query(`
    SELECT d.created_at, a.started_at, d.settled_at, e.created_at AS event_created_at
    FROM deliveries d JOIN attempts a ON a.delivery_id = d.id JOIN events e ON e.id = d.event_id`);
  expect(rows).toHaveLength(2);
  for (const row of rows) for (const time of Object.values<Date>(row)) expectNow(time);
});

test('ids, and so the order of lists, follow the time of Postgres', async () => {
  const receiver = await receiverThat();
  type Made = { id: string; deliveries: { id: string }[] };
  const endpoint = await call<Made>('POST', '/v1/endpoints', { url: receiver.url, events: ['listed'] });
  const event = await call<Made>('POST', `/v1/endpoints/${endpoint.id}/test?wait=30s`);
  const replay = await call<Made>('POST', `/v1/deliveries/${event.deliveries[0]!.id}/retry`);
  const newKey = await call<Made>('POST', '/v1/keys');

  for (const { id } of [endpoint, event, ...event.deliveries, replay, newKey]) expectNow(timeOf(id));
});

test('a replaced secret signs for exactly the configured time', async () => {
  const receiver = await receiverThat();
  const { id } = await call<{ id: string }>('POST', '/v1/endpoints', {
    url: receiver.url,
    events: ['rotated'],
  });
  await call('POST', `/v1/endpoints/${id}/rotate-secret`, { overlap: '1h' });

  await call('POST', '/v1/events?wait=30s', { type: 'rotated', data: {} });

  expect(String(receiver.requests[0]!.headers['webhook-signature']).split(' ')).toHaveLength(2);
});

test('the skew is logged once and reported by /readyz, which stays ready', async () => {
  const response = await fetch(`${posthorn.api.url}/readyz`);

  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({
    ready: true,
    components: { clock: { ok: false, detail: expect.stringMatching(/^is 345\d{4} s ahead of Postgres's/) } },
  });
  expect(process.output().match(/"aheadSeconds":345\d{4}\b/g)).toHaveLength(1);
});

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/** The milliseconds in the first ten characters of an id. */
const timeOf = (id: string): number =>
  [...id.slice(id.indexOf('_') + 1).slice(0, 10)].reduce((ms, char) => ms * 32 + ALPHABET.indexOf(char), 0);
