import { timeOfId } from '../../../src/store/postgres/ids.ts';
import { type ApiCalls, createApiCalls } from '../../set-up/api-calls.ts';
import { startTestApi, type TestApi } from '../../set-up/test-api.ts';

let api: TestApi;
let call: ApiCalls['call'];
const streamFilters: object[] = [];
beforeAll(async () => {
  const open = async (_: unknown, filter: object) => {
    streamFilters.push(filter);
    return 'expired' as const;
  };
  api = await startTestApi({ streams: { open } });
  ({ call } = createApiCalls(api));
});
afterAll(() => api.close());

const url = 'http://127.0.0.1:9/hook';
const anHourAgo = () => new Date(Date.now() - 3_600_000).toISOString();
type Items = { id: string; type: string; endpoint: string; consumer: string | null }[];

/** A project with two endpoints, one of a consumer, and an event for each. */
async function posted() {
  const { key, id: project } = await api.newProject();
  await call('POST', '/v1/endpoints', key, { url });
  await call('POST', '/v1/endpoints', key, { url, consumer: 'acme' });
  const events = [
    { id: 'plain', type: 'a.one', data: { order: 'ord_12345' }, attributes: { region: 'eu', tier: 'gold' } },
    { id: 'acme', type: 'a.two', data: { note: 'größe' }, attributes: { region: 'us' }, consumer: 'acme' },
  ];
  for (const event of events) await call('POST', '/v1/events', key, event);
  const idsOf = async (query: string) =>
    ((await call('GET', `/v1/events?${query}`, key)).body.items as Items).map(({ id }) => id);
  const update = (set: string, event: string) =>
    api.database.pool.query(`UPDATE deliveries SET ${set} WHERE project_id = $1 AND event_id = $2`, [
      project,
      event,
    ]);
  const forgetBits = (event: string) =>
    api.database.pool.query('UPDATE events SET search_bits = NULL WHERE project_id = $1 AND id = $2', [
      project,
      event,
    ]);
  const found = async (query: string) =>
    (await call('GET', `/v1/deliveries?${query}`, key)).body.items.map((item) => item.event);
  return { key, project, idsOf, update, forgetBits, found };
}

test('events are found by text in their body and by attributes, and the page says how far it has searched', async () => {
  const { key, idsOf } = await posted();
  const since = `since=${encodeURIComponent(anHourAgo())}`;
  expect(await idsOf(`${since}&contains=ord_12345`)).toEqual(['plain']);
  expect(await idsOf(`${since}&contains=${encodeURIComponent('größe')}`)).toEqual(['acme']);
  expect(await idsOf(`${since}&contains=nowhere`)).toEqual([]);
  expect(await idsOf(`${since}&attribute.region=eu`)).toEqual(['plain']);
  expect(await idsOf(`${since}&attribute.region=eu&attribute.tier=silver`)).toEqual([]);
  expect(await idsOf(`${since}&attribute.region=us&consumer=acme`)).toEqual(['acme']);

  const first = (await call('GET', `/v1/events?${since}&contains=a.&limit=1`, key)).body;
  expect(first).toMatchObject({ items: [{ id: 'acme' }], complete: false });
  expect(first.searchedTo).toBe(first.items[0]!.createdAt);
  const next = (
    await call('GET', `/v1/events?${since}&contains=a.&limit=1&cursor=${first.nextCursor as string}`, key)
  ).body;
  expect(next.items).toMatchObject([{ id: 'plain' }]);
  const all = (await call('GET', `/v1/events?${since}&contains=a.`, key)).body;
  expect(all).toMatchObject({ complete: true, nextCursor: null });
});

test('events that were stored before there were bits for searches are found too', async () => {
  const { idsOf, forgetBits } = await posted();
  const since = `since=${encodeURIComponent(anHourAgo())}`;
  await forgetBits('plain');
  for (const _ of ['some without', 'all without']) {
    expect(await idsOf(`${since}&attribute.region=eu`)).toEqual(['plain']);
    expect(await idsOf(`${since}&attribute.region=us`)).toEqual(['acme']);
    expect(await idsOf(`${since}&attribute.region=none`)).toEqual([]);
    expect(await idsOf('type=a.one')).toEqual(['plain']);
    expect(await idsOf('type=a.two&limit=1')).toEqual(['acme']);
    await forgetBits('acme');
  }
});

test('events are found by the outcome and status code of the last attempt of one of their deliveries', async () => {
  const { key, idsOf, update } = await posted();
  await update("last_outcome = 'rejected', last_status_code = 503", 'plain');
  await update("last_outcome = 'timeout'", 'acme');
  expect(await idsOf('outcome=rejected')).toEqual(['plain']);
  expect(await idsOf('statusCode=503&outcome=rejected&fields=summary')).toEqual(['plain']);
  expect(await idsOf('statusCode=503&outcome=timeout')).toEqual([]);
  expect(await idsOf('outcome=timeout&consumer=acme')).toEqual(['acme']);
  const endpoints = (await call('GET', '/v1/endpoints', key)).body.items as unknown as Items;
  const own = endpoints.find(({ consumer }) => consumer === null)!.id;
  expect(await idsOf(`outcome=rejected&endpoint=${own}`)).toEqual(['plain']);
  expect(await idsOf(`outcome=timeout&endpoint=${own}`)).toEqual([]);
  const page = (await call('GET', '/v1/events?outcome=rejected', key)).body;
  expect(page).toMatchObject({ complete: true, searchedTo: null, nextCursor: null });
  expect((await call('GET', '/v1/events?outcome=lost', key)).body.code).toBe('invalid_query');
});

test('deliveries are found by the body and the attributes of their events', async () => {
  const { key, found } = await posted();
  const since = `since=${encodeURIComponent(anHourAgo())}`;
  expect(await found(`${since}&contains=ord_12345`)).toEqual(['plain']);
  expect(await found(`${since}&attribute.region=us&status=pending`)).toEqual(['acme']);
  expect(await found(`${since}&contains=ord_12345&attribute.region=us`)).toEqual([]);
  const page = (await call('GET', `/v1/deliveries?${since}&contains=ord_12345`, key)).body;
  expect(page).toMatchObject({ complete: true, nextCursor: null });
  const wrong = {
    'contains=x': 'window_required',
    'attribute.a=1': 'window_required',
    'lost=1': 'invalid_query',
  };
  for (const [query, code] of Object.entries(wrong))
    expect((await call('GET', `/v1/deliveries?${query}`, key)).body.code).toBe(code);
});

test('a search in bodies needs a time within the last seven days, and valid parameters', async () => {
  const { key } = await posted();
  const eightDaysAgo = new Date(Date.now() - 8 * 86_400_000).toISOString();
  for (const query of ['contains=x', 'attribute.a=b', `contains=x&since=${encodeURIComponent(eightDaysAgo)}`])
    expect(await call('GET', `/v1/events?${query}`, key)).toMatchObject({
      status: 400,
      body: { code: 'window_required' },
    });
  const wrong = ['unknown=1', 'attribute.=1', `contains=${'ü'.repeat(101)}`, 'status=pending,lost', 'test=1'];
  for (const query of wrong)
    expect(await call('GET', `/v1/events?${query}`, key)).toMatchObject({
      status: 400,
      body: { code: 'invalid_query' },
    });
  const six = Array.from({ length: 6 }, (_, i) => `attribute.a${i}=1`).join('&');
  expect((await call('GET', `/v1/events?${six}`, key)).body.code).toBe('invalid_query');
});

test('a summary has sizes and counts, and neither data nor deliveries', async () => {
  const { key, idsOf } = await posted();
  const { items } = (await call('GET', '/v1/events?fields=summary', key)).body;
  const full = (await call('GET', '/v1/events/plain', key)).body;
  expect(items[1]).toEqual({
    id: 'plain',
    sequence: full.sequence,
    type: 'a.one',
    consumer: null,
    status: 'pending',
    test: false,
    createdAt: full.createdAt,
    expiresAt: null,
    attributes: { region: 'eu', tier: 'gold' },
    target: null,
    deliveryCount: 1,
    bytes: Buffer.byteLength(full.body as unknown as string),
    settledAt: null,
    openCount: 1,
    deliveredCount: 0,
    undeliverableCount: 0,
    cancelledCount: 0,
    retryingCount: 0,
    nextAttemptAt: null,
    resentCount: 0,
    dismissedCount: 0,
  });
  expect(await idsOf('status=delivered,pending')).toEqual(['acme', 'plain']);
  expect(await idsOf('status=delivered,unrouted')).toEqual([]);
  expect(await idsOf('test=true')).toEqual([]);
  expect(await idsOf('test=false&fields=summary')).toHaveLength(2);
});

test('a summary says what is retried and when, and which failures were sent again or dismissed', async () => {
  const { key, id: project } = await api.newProject();
  for (let n = 0; n < 4; n++) await call('POST', '/v1/endpoints', key, { url });
  const { body: event } = await call('POST', '/v1/events', key, { type: 'a.b', data: {} });
  const { pool } = api.database;
  const ids = (event.deliveries as unknown as Items).map(({ id }) => id);
  const [retrying, resent, dismissed, failed] = ids;
  await pool.query(
    `UPDATE deliveries SET status = 'retrying', due_at = '2030-01-01T00:00:00Z' WHERE id = $1`,
    [retrying],
  );
  await pool.query(`UPDATE deliveries SET status = 'undeliverable', due_at = NULL WHERE id = ANY ($1)`, [
    [resent, dismissed, failed],
  ]);
  await pool.query(`UPDATE deliveries SET replayed_by = 'dlv_copy' WHERE id = $1`, [resent]);
  await pool.query('UPDATE deliveries SET dismissed_at = now() WHERE id = $1', [dismissed]);
  await pool.query(
    `UPDATE events SET open_count = 1, undeliverable_count = 3 WHERE project_id = $1 AND id = $2`,
    [project, event.id],
  );
  const summary = async () => (await call('GET', '/v1/events?fields=summary', key)).body.items[0];
  expect(await summary()).toMatchObject({
    ...{ deliveryCount: 4, openCount: 1, undeliverableCount: 3 },
    ...{ retryingCount: 1, nextAttemptAt: '2030-01-01T00:00:00.000Z', resentCount: 1, dismissedCount: 1 },
  });
  // The deliveries of an event with more than 100 of them are not read.
  await pool.query('UPDATE events SET delivery_count = 101 WHERE project_id = $1', [project]);
  expect(await summary()).toMatchObject({
    ...{ undeliverableCount: 3, retryingCount: null, nextAttemptAt: null },
    ...{ resentCount: null, dismissedCount: null },
  });
});

test('deliveries are found by statuses, time, consumer, type, outcome and status code', async () => {
  const { key, found, update } = await posted();
  await update("status = 'retrying', last_outcome = 'rejected', last_status_code = 503", 'plain');
  await update("status = 'undeliverable', due_at = NULL, last_outcome = 'timeout'", 'acme');
  expect(await found('status=retrying,undeliverable')).toEqual(['acme', 'plain']);
  expect(await found('status=retrying,pending')).toEqual(['plain']);
  expect(await found('consumer=acme')).toEqual(['acme']);
  expect(await found('type=a.one')).toEqual(['plain']);
  expect(await found('outcome=timeout')).toEqual(['acme']);
  expect(await found('outcome=rejected&statusCode=503&attention=true')).toEqual(['plain']);
  expect(await found('outcome=rejected&statusCode=500')).toEqual([]);
  expect(await found(`since=${encodeURIComponent(anHourAgo())}`)).toHaveLength(2);
  expect(await found(`until=${encodeURIComponent(anHourAgo())}`)).toEqual([]);
  const search = (await call('GET', '/v1/deliveries?type=a.one', key)).body;
  expect(search).toMatchObject({ nextCursor: null, searchedTo: null, complete: true });
  const part = (await call('GET', '/v1/deliveries?statusCode=503&limit=1', key)).body;
  expect(part.searchedTo).toBe(part.nextCursor === null ? null : part.items[0]!.createdAt);
});

test('attention lists retrying deliveries and undeliverable ones that nobody replayed or dismissed', async () => {
  const { key, found, update } = await posted();
  expect(await found('attention=true')).toEqual([]);
  await update("status = 'retrying'", 'plain');
  await update("status = 'undeliverable', due_at = NULL, settled_at = now()", 'acme');
  expect(await found('attention=true')).toEqual(['acme', 'plain']);
  expect(await found('attention=true&consumer=acme')).toEqual(['acme']);
  expect(await found('attention=true&status=retrying')).toEqual(['plain']);

  const [undeliverable] = (await call('GET', '/v1/deliveries?event=acme', key)).body.items;
  const replay = (await call('POST', `/v1/deliveries/${undeliverable!.id as string}/retry`, key)).body;
  expect((await call('GET', `/v1/deliveries/${undeliverable!.id as string}`, key)).body).toMatchObject({
    replayedBy: replay.id,
  });
  expect(await found('attention=true')).toEqual(['plain']);

  const endpoint = (await call('GET', '/v1/endpoints', key)).body.items[0]!.id as string;
  const test = (await call('POST', `/v1/endpoints/${endpoint}/test`, key)).body.id as unknown as string;
  await update("status = 'undeliverable', due_at = NULL", test);
  expect(await found('attention=true')).toEqual(['plain']);
});

test('one delivery shows its policy and profile, and every one its times, consumer and type', async () => {
  const { key } = await posted();
  const [listed] = (await call('GET', '/v1/deliveries?event=acme', key)).body.items;
  const event = (await call('GET', '/v1/events/acme', key)).body;
  expect(listed).toMatchObject({
    createdAt: event.createdAt,
    settledAt: null,
    consumer: 'acme',
    eventType: 'a.two',
    test: false,
    lastStatusCode: null,
    cancelRequested: false,
    replayedBy: null,
    dismissedAt: null,
  });
  expect((await call('GET', `/v1/deliveries/${listed!.id as string}`, key)).body).toMatchObject({
    ...listed,
    policy: { delays: [60, 300, 1800, 7200], timeout: 15, jitter: expect.any(Number), finalStatuses: [] },
    plannedAttempts: expect.any(Array),
    profile: { name: 'standard-webhooks', version: 1 },
  });
});

test('the pages of events to an endpoint follow each other', async () => {
  const { key } = await posted();
  await call('POST', '/v1/events', key, { type: 'a', data: 1, id: 'second' });
  const endpoints = (await call('GET', '/v1/endpoints', key)).body.items as unknown as Items;
  const { id } = endpoints.find(({ consumer }) => consumer === null)!;
  const page = (await call('GET', `/v1/events?endpoint=${id}&limit=1`, key)).body;
  expect(page.items).toMatchObject([{ id: 'second' }]);
  const next = await call(
    'GET',
    `/v1/events?endpoint=${id}&limit=1&cursor=${page.nextCursor as string}`,
    key,
  );
  expect(next.body.items).toMatchObject([{ id: 'plain' }]);
});

test('endpoints are found by status and by a part of their URL or description', async () => {
  const { key } = await api.newProject();
  const create = async (path: string, members = {}) =>
    (await call('POST', '/v1/endpoints', key, { url: `http://127.0.0.1:9/${path}`, ...members })).body
      .id as string;
  const crm = await create('crm', { description: 'Sales, in 50% of the time' });
  const erp = await create('ERP/a_b', { consumer: 'acme' });
  const paused = await create('crm/old');
  await call('POST', `/v1/endpoints/${paused}/pause`, key);
  const list = async (query: string, by = key) => (await call('GET', `/v1/endpoints?${query}`, by)).body;
  const found = async (query: string, by = key) => (await list(query, by)).items.map(({ id }) => id);

  expect(await found('status=paused')).toEqual([paused]);
  expect(await found('status=active,disabled')).toEqual([erp, crm]);
  expect(await found('q=crm')).toEqual([paused, crm]);
  expect(await found('q=SALES&status=active')).toEqual([crm]);
  expect(await found(`q=${encodeURIComponent('50%')}`)).toEqual([crm]);
  expect(await found('q=a_b&consumer=acme')).toEqual([erp]);
  expect(await found('q=a.b')).toEqual([]);

  const first = await list('q=127.0.0.1&limit=2');
  expect(first).toMatchObject({ complete: false, searchedTo: timeOfId(erp).toISOString() });
  expect(await list(`q=127.0.0.1&limit=2&cursor=${first.nextCursor}`)).toMatchObject({
    items: [{ id: crm }],
    nextCursor: null,
    searchedTo: null,
    complete: true,
  });
  const acme = (await call('POST', '/v1/keys', key, { consumer: 'acme' })).body.key as string;
  expect(await found('q=127.0.0.1', acme)).toEqual([erp]);
  expect((await list('q=')).code).toBe('invalid_query');
  expect((await list('status=deleted')).code).toBe('invalid_query');
});

test('an endpoint says whether it is withheld, since when it is slow, and the times of its secrets', async () => {
  const { key, id: project } = await api.newProject();
  const created = (await call('POST', '/v1/endpoints', key, { url })).body;
  const read = async () => (await call('GET', `/v1/endpoints/${created.id as string}`, key)).body;
  expect(created).toMatchObject({ withheld: null, slowSince: null, slowCause: null });
  expect(created.secrets).toEqual([{ createdAt: expect.any(String), endsAt: null }]);
  const { secret, ...withoutSecret } = created;
  expect(await read()).toEqual(withoutSecret);

  const { pool } = api.database;
  await pool.query("UPDATE endpoints SET suspended = 'plan' WHERE project_id = $1", [project]);
  await pool.query(
    `INSERT INTO receiver_gates (receiver, project_id, slow_since, slow_cause) VALUES ($1, $2, now(), 'timeout')`,
    [created.id, project],
  );
  await call('POST', `/v1/endpoints/${created.id as string}/rotate-secret`, key, { overlap: '2h' });

  const rotated = await read();
  const { slowSince } = rotated.health as { slowSince: string };
  expect(rotated).toMatchObject({ withheld: 'plan', slowSince, slowCause: 'timeout', status: 'active' });
  expect(rotated.secrets).toMatchObject([
    { createdAt: expect.any(String), endsAt: null },
    { createdAt: (created.secrets as unknown as { createdAt: string }[])[0]!.createdAt },
  ]);
  const [, replaced] = rotated.secrets as unknown as { endsAt: string }[];
  expect(Date.parse(replaced!.endsAt) - Date.now()).toBeGreaterThan(3_600_000);
  expect(JSON.stringify(rotated)).not.toContain((secret as string).slice('whsec_'.length));
});

test('the stream of outcomes takes lists of endpoints, consumers and kinds', async () => {
  const { key } = await api.newProject();
  const lists = 'endpoint=ep_1,ep_2&consumer=acme,jane@example.com&kind=attempt.failed,event.settled';
  expect((await call('GET', `/v1/outcomes?${lists}`, key)).body.code).toBe('cursor_expired');
  expect(streamFilters).toEqual([
    {
      endpoints: ['ep_1', 'ep_2'],
      consumers: ['acme', 'jane@example.com'],
      kinds: ['attempt.failed', 'event.settled'],
    },
  ]);
  const many = Array.from({ length: 51 }, (_, n) => `ep_${n}`).join();
  for (const query of ['endpoint=ep_1,', 'kind=delivery.lost', 'consumer=', `endpoint=${many}`, 'lost=1'])
    expect((await call('GET', `/v1/outcomes?${query}`, key)).body.code).toBe('invalid_query');
});
