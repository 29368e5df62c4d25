import { createHmac } from 'node:crypto';
import { operationalProjectOf } from '../../../src/store/operational/operational-project.ts';
import { writeDigest } from '../../../src/store/operational/undeliverable-digests.ts';
import type { Receiver } from '../../receivers/receiver.ts';
import { receiversPerTest } from '../../receivers/receivers-per-test.ts';
import { eventually } from '../../set-up/eventually.ts';
import { startTestPosthorn, type TestPosthorn } from '../../set-up/test-posthorn.ts';

let posthorn: TestPosthorn;
const receiverThat = receiversPerTest();

beforeEach(async () => {
  posthorn = await startTestPosthorn();
});
afterEach(() => posthorn.close());

const ok = () => receiverThat((_request, response) => void response.writeHead(200).end());

type OperationalEndpoint = { id: string; types: string[]; status: string; secret: string };
const PATH = '/v1/operational-endpoints';
const register = (url: string, types?: string[]) =>
  posthorn.call<OperationalEndpoint>('POST', PATH, { url, ...(types && { types }) });

const told = ({ requests }: Receiver) =>
  requests.map(({ body }) => JSON.parse(body.toString()) as { type: string; data: Record<string, unknown> });
const oneOf = async (sql: string, values: unknown[] = []) =>
  (await posthorn.database.pool.query<{ n: number }>(sql, values)).rows[0]!.n;
const waiting = () => oneOf('SELECT count(*)::int AS n FROM operational_events WHERE handed_over_at IS NULL');

async function untilHandedOver(): Promise<void> {
  await eventually(async () => (await waiting()) === 0);
}

test('the owner is told, signed as Standard Webhooks, that an endpoint is gone, and no list of the project shows it', async () => {
  const owner = await ok();
  const { secret } = await register(owner.url);
  const gone = await posthorn.newEndpoint((await receiverThat(410)).url);
  const event = await posthorn.post({ type: 'a.b', data: 'plant' });
  await posthorn.untilSettled(event.id);
  await eventually(() => owner.requests.length > 1);

  const disabled = told(owner).find(({ type }) => type === 'endpoint.disabled')!;
  expect(disabled.data).toMatchObject({ endpoint: gone.id, reason: 'gone', statusCode: 410 });
  expect(
    told(owner)
      .map(({ type }) => type)
      .toSorted(),
  ).toEqual(['delivery.undeliverable', 'endpoint.disabled']);
  for (const { headers, body } of owner.requests) {
    const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
    const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
    const signature = createHmac('sha256', key).update(signed).digest('base64');
    expect(headers['webhook-signature']).toBe(`v1,${signature}`);
    expect(body.toString()).not.toContain('plant');
  }
  expect((await posthorn.call<{ items: unknown[] }>('GET', '/v1/endpoints')).items).toHaveLength(1);
  expect((await posthorn.call<{ items: unknown[] }>('GET', '/v1/events')).items).toHaveLength(1);
  expect((await posthorn.call<{ items: unknown[] }>('GET', '/v1/deliveries')).items).toHaveLength(1);
  const headers = { 'posthorn-project': operationalProjectOf(posthorn.project.id) };
  const admin = { key: 'admin-key-of-the-tests-0123456789', headers };
  expect((await posthorn.client.call('GET', '/v1/endpoints', admin)).status).toBe(404);
});

test('undeliverable deliveries are told once a minute for each endpoint from the registration on, with their number and a sample', async () => {
  await posthorn.call('PATCH', '/v1/project', { policy: { delays: [] } });
  const owner = await ok();
  const digests = () => oneOf('SELECT count(*)::int AS n FROM undeliverable_digests');
  const { id } = await register(owner.url, ['endpoint.failing']);
  expect(await digests()).toBe(0);
  // From the answer on: what failed before the next round of the background work would not be told otherwise.
  await posthorn.call('PATCH', `${PATH}/${id}`, { types: ['delivery.undeliverable'] });
  expect(await digests()).toBe(1);
  const failing = await receiverThat((_request, response) => void response.writeHead(500).end());
  const endpoint = await posthorn.newEndpoint(failing.url, { consumer: 'acme' });
  for (let n = 0; n < 5; n++)
    await posthorn.untilSettled((await posthorn.post({ type: 'a.b', consumer: 'acme', data: n })).id);

  await eventually(() => owner.requests.length === 1);
  const { data } = told(owner)[0]!;
  expect(data).toMatchObject({
    endpoint: endpoint.id,
    consumer: 'acme',
    sample: { outcome: 'rejected', reason: 'exhausted' },
  });

  await posthorn.untilSettled((await posthorn.post({ type: 'a.b', consumer: 'acme', data: 6 })).id);
  expect(await writeDigest(posthorn.database.pool, posthorn.project.id)).toBe(0);
  await posthorn.database.pool.query('UPDATE undeliverable_digests SET not_before = now()');
  await eventually(() => owner.requests.length === 2);
  const counts = told(owner).map((one) => one.data.count as number);
  expect(counts.reduce((sum, count) => sum + count)).toBe(6);
});

test('an event that is handed over twice is delivered once', async () => {
  const owner = await ok();
  await register(owner.url);
  const tell = `INSERT INTO operational_events (id, project_id, type, data) VALUES ('oev_1', $1, 'endpoint.failing', '{"endpoint": "ep_1"}')`;
  await posthorn.database.pool.query(tell, [posthorn.project.id]);
  await eventually(() => owner.requests.length === 1);
  await untilHandedOver();

  await posthorn.database.pool.query('UPDATE operational_events SET handed_over_at = NULL');
  await untilHandedOver();

  expect(await oneOf(`SELECT count(*)::int AS n FROM events WHERE id = 'evt_1'`)).toBe(1);
  expect(owner.requests).toHaveLength(1);
  expect(told(owner)).toMatchObject([{ type: 'endpoint.failing', data: { endpoint: 'ep_1' } }]);
});

test('an operational endpoint that is gone is disabled, nobody is told of it, and it can be enabled', async () => {
  const gone = await receiverThat(410, 200);
  const { id } = await register(gone.url);
  const owner = await ok();
  await register(owner.url, ['endpoint.disabled', 'delivery.undeliverable']);
  const insert = `INSERT INTO operational_events (project_id, type, data) VALUES ($1, 'endpoint.recovered', '{}')`;
  await posthorn.database.pool.query(insert, [posthorn.project.id]);
  const found = () => posthorn.call<OperationalEndpoint>('GET', `${PATH}/${id}`);
  await eventually(async () => (await found()).status === 'disabled');
  await untilHandedOver();

  expect(await posthorn.call('PATCH', `${PATH}/${id}`, { status: 'active' })).toMatchObject({
    status: 'active',
  });
  await posthorn.database.pool.query(insert, [posthorn.project.id]);
  await eventually(() => gone.requests.length === 2);
  const about = 'SELECT count(*)::int AS n FROM operational_events WHERE project_id = $1';
  expect(await oneOf(about, [operationalProjectOf(posthorn.project.id)])).toBe(1);
  expect(owner.requests).toHaveLength(0);
});

test('operational endpoints are listed, changed and deleted, and belong to one project', async () => {
  const { url } = await ok();
  expect(await posthorn.call('GET', PATH)).toEqual({ items: [], nextCursor: null });
  const first = await register(url, ['endpoint.failing']);
  const second = await register(url);
  expect(first).toMatchObject({
    types: ['endpoint.failing'],
    status: 'active',
    secret: expect.stringMatching(/^whsec_/),
  });
  const { items } = await posthorn.call<{ items: OperationalEndpoint[] }>('GET', PATH);
  expect(items.map(({ id }) => id)).toEqual([second.id, first.id]);
  expect(items[0]).not.toHaveProperty('secret');

  const changed = await posthorn.call('PATCH', `${PATH}/${first.id}`, { types: ['endpoint.recovered'] });
  expect(changed).toMatchObject({ types: ['endpoint.recovered'] });
  const stranger = await posthorn.newProject();
  const read = (key: string) => posthorn.client.call('GET', `${PATH}/${first.id}`, { key });
  expect((await read(stranger.key)).status).toBe(404);
  await posthorn.call('DELETE', `${PATH}/${first.id}`);
  expect((await read(posthorn.project.key)).status).toBe(404);
});

test('the end of a recovery is told once, and deliveries without a payload are left out of it', async () => {
  await posthorn.call('PATCH', '/v1/project', { policy: { delays: [] } });
  const failing = await receiverThat(500, 500, 200);
  await posthorn.newEndpoint(failing.url);
  for (const id of ['removed', 'sent'])
    await posthorn.untilSettled((await posthorn.post({ id, type: 'a.b', data: 1 })).id);
  await posthorn.database.pool.query(
    `UPDATE events SET body = '', data = '', payload_removed_at = now() WHERE id = 'removed'`,
  );
  const owner = await ok();
  await register(owner.url, ['recovery.finished']);

  const since = new Date(Date.now() - 3_600_000).toISOString();
  const { id } = await posthorn.call<{ id: string }>('POST', '/v1/recoveries', { what: 'failed', since });
  await eventually(() => owner.requests.length === 1);
  await posthorn.untilSettled('sent');

  expect(told(owner)).toMatchObject([
    { type: 'recovery.finished', data: { recovery: id, sent: 1, skipped: 1 } },
  ]);
  expect(failing.requests).toHaveLength(3);
});
