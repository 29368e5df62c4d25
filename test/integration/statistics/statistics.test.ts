import { claimDeliveries } from '../../../src/store/deliveries/claims/claim-deliveries.ts';
import { recordAttempts } from '../../../src/store/deliveries/recording/record-attempts.ts';
import { measureBacklog } from '../../../src/store/statistics/measure-backlog.ts';
import { portalToken } from '../../set-up/sessions.ts';
import { ADMIN_KEY, startTestApi, type TestApi } from '../../set-up/test-api.ts';
import { attemptRecordOf } from '../../store/attempt-record.ts';
import { foldAll } from '../../store/statistics/statistics-set-up.ts';

type Timeline = {
  step: string;
  settledUntil: string;
  beginsAt: string;
  at: string[];
  accepted: number[] | null;
  attempts: Record<string, number[]>;
  deliveries: Record<string, number[]>;
  attemptMs: { p50: (number | null)[] };
  latencyMs: { p50: (number | null)[] } | null;
};

let api: TestApi;
let project: { id: string; key: string };
let acmeKey: string;
let endpoint: string;
let acmeEndpoint: string;

beforeAll(async () => {
  api = await startTestApi();
  project = await api.newProject();
  endpoint = await newEndpoint(null);
  acmeEndpoint = await newEndpoint('acme');
  acmeKey = (await post<{ key: string }>('/v1/keys', { consumer: 'acme' })).key;
  const own = await postEvent({ type: 'a.b' });
  const failing = await postEvent({ type: 'a.b' });
  const ofAcme = await postEvent({ type: 'c.d', consumer: 'acme' });
  await attempt(own, { outcome: 'delivered', durationMs: 40, retryInMs: null });
  await attempt(failing, { outcome: 'timeout', durationMs: 15_000 });
  await attempt(ofAcme, { outcome: 'delivered', durationMs: 300, retryInMs: null });
  await foldAll(api.database.pool);
  await measureBacklog(api.database.pool);
});
afterAll(() => api.close());

async function post<T>(path: string, body: unknown): Promise<T> {
  const response = await api.call('POST', path, { key: project.key, body });
  expect(response.status).toBeLessThan(300);
  return response.body as T;
}
const newEndpoint = async (consumer: string | null) =>
  (
    await post<{ id: string }>('/v1/endpoints', {
      url: 'http://127.0.0.1:9/',
      events: ['*'],
      ...(consumer ? { consumer } : {}),
    })
  ).id;
const postEvent = async (event: object) =>
  (await post<{ deliveries: { id: string }[] }>('/v1/events', { ...event, data: {} })).deliveries[0]!.id;

async function attempt(id: string, record: Parameters<typeof attemptRecordOf>[1]): Promise<void> {
  const { pool } = api.database;
  await pool.query(`UPDATE deliveries SET owner = 'mine' WHERE id = $1`, [id]);
  const [claim] = await claimDeliveries(pool, 'mine', [{ id, step: 0 }]);
  await recordAttempts(pool, [attemptRecordOf(claim!, record)]);
}

const HOUR_MS = 3_600_000;
const window = () => ({ from: new Date(Date.now() - HOUR_MS).toISOString() });
const get = (path: string, query: Record<string, string>, key = project.key, headers = {}) =>
  api.call('GET', `${path}?${new URLSearchParams(query)}`, { key, headers });
const timeline = async (query: Record<string, string> = {}, key = project.key) => {
  const { status, body } = await get('/v1/statistics/timeline', { ...window(), ...query }, key);
  expect(status).toBe(200);
  return body as Timeline;
};
const total = (values: number[] | undefined | null) => (values ?? []).reduce((sum, n) => sum + n, 0);
const percentilesIn = (values: (number | null)[]) => values.filter((value) => value !== null);
const totals = ({ accepted, attempts, deliveries }: Timeline) => ({
  accepted: accepted && total(accepted),
  attempts: Object.fromEntries(Object.entries(attempts).map(([outcome, values]) => [outcome, total(values)])),
  delivered: total(deliveries.delivered),
});

test('a timeline has what was accepted, attempted and delivered, each point with its percentiles', async () => {
  const found = await timeline({ step: '1h' });

  expect(totals(found)).toEqual({ accepted: 3, attempts: { delivered: 2, timeout: 1 }, delivered: 2 });
  expect(found.step).toBe('1h');
  for (const values of [found.accepted!, found.deliveries.cancelled!, found.attemptMs.p50])
    expect(values).toHaveLength(found.at.length);
  // The geometric middle of the bucket from 256 to 362 ms; nothing where nothing was measured.
  expect(percentilesIn(found.attemptMs.p50)).toEqual([304]);
  expect(percentilesIn(found.latencyMs!.p50)).toHaveLength(1);
  expect(new Date(found.settledUntil).getTime()).toBeGreaterThan(new Date(found.beginsAt).getTime());
});

test('a timeline of a consumer or an endpoint has its figures only, in 5 minutes at the finest', async () => {
  const ofConsumer = await timeline({ consumer: 'acme', step: '1m' });
  expect(ofConsumer.step).toBe('5m');
  expect(totals(ofConsumer)).toEqual({ accepted: 1, attempts: { delivered: 1 }, delivered: 1 });

  const ofEndpoint = await timeline({ endpoint });
  expect(totals(ofEndpoint)).toEqual({
    accepted: null,
    attempts: { delivered: 1, timeout: 1 },
    delivered: 1,
  });
  expect(ofEndpoint.latencyMs).toBeNull();
});

test('a consumer key sees its own figures only', async () => {
  const own = { accepted: 1, attempts: { delivered: 1 }, delivered: 1 };
  expect(totals(await timeline({}, acmeKey))).toEqual(own);
  expect(totals(await timeline({ endpoint: acmeEndpoint }, acmeKey))).toEqual({ ...own, accepted: null });
  const statusOf = async (path: string, query: Record<string, string>) =>
    (await get(path, { ...window(), ...query }, acmeKey)).status;
  expect(await statusOf('/v1/statistics/timeline', { endpoint })).toBe(404);
  expect(await statusOf('/v1/statistics/timeline', { consumer: 'globex' })).toBe(404);
  expect(await statusOf('/v1/statistics/event-types', { consumer: 'globex' })).toBe(404);

  const { body } = await get(
    '/v1/statistics/endpoints',
    { ...window(), ids: `${endpoint},${acmeEndpoint}` },
    acmeKey,
  );
  expect((body as { items: { endpoint: string }[] }).items.map((item) => item.endpoint)).toEqual([
    acmeEndpoint,
  ]);
  expect((await get('/v1/backlog', {}, acmeKey)).body).toMatchObject({
    pending: 0,
    retrying: 0,
    endpoints: [],
  });
});

test('another project sees nothing of these figures', async () => {
  const other = await api.newProject();
  expect(totals(await timeline({}, other.key))).toEqual({ accepted: 0, attempts: {}, delivered: 0 });
  expect((await get('/v1/statistics/timeline', { ...window(), endpoint }, other.key)).status).toBe(404);
  expect(
    (await get('/v1/statistics/endpoints', { ...window(), ids: endpoint }, other.key)).body,
  ).toMatchObject({ items: [] });
  for (const query of [{}, { consumer: 'acme' }])
    expect(
      (await get('/v1/statistics/event-types', { ...window(), ...query }, other.key)).body,
    ).toMatchObject({ items: [], others: 0 });
  expect((await get('/v1/backlog', {}, other.key)).body).toMatchObject({ retrying: 0, oldestOpenAt: null });
});

test('endpoints are listed with attempts, failures, response times and the last of each', async () => {
  const { body } = await get('/v1/statistics/endpoints', { ...window(), ids: `${acmeEndpoint},${endpoint}` });
  const { items } = body as { items: { attempts: number[]; failed: number[] }[] };
  expect(items).toMatchObject([
    {
      endpoint: acmeEndpoint,
      totals: { attempts: 1, failed: 0, p50Ms: 304, p95Ms: 304 },
      lastFailedAt: null,
    },
    {
      endpoint,
      totals: { attempts: 2, failed: 1, p50Ms: 38, p95Ms: 13_777 },
      lastDeliveredAt: expect.any(String),
      lastFailedAt: expect.any(String),
    },
  ]);
  expect([total(items[1]!.attempts), total(items[1]!.failed)]).toEqual([2, 1]);
});

test('event types are listed by how many events were accepted', async () => {
  const { body } = await get('/v1/statistics/event-types', window());
  expect(body).toMatchObject({
    items: [
      { type: 'a.b', accepted: 2 },
      { type: 'c.d', accepted: 1 },
    ],
    others: 0,
  });
});

test('the event types of a consumer are listed in whole days, for its project, its keys and its portal', async () => {
  const token = await portalToken(api, project.key, { consumer: 'acme', capabilities: ['view'] });
  const ofAcme = { items: [{ type: 'c.d', accepted: 1 }], others: 0 };
  for (const [key, query] of [
    [project.key, { consumer: 'acme' }],
    [acmeKey, {}],
    [acmeKey, { consumer: 'acme' }],
    [token, {}],
  ] as const) {
    const { body } = await get('/v1/statistics/event-types', { ...window(), ...query }, key);
    expect(body).toMatchObject(ofAcme);
    const { from, to } = body as { from: string; to: string };
    expect([from.slice(11), to.slice(11)]).toEqual(['00:00:00.000Z', '00:00:00.000Z']);
  }
  expect((await get('/v1/statistics/event-types', { ...window(), consumer: 'globex' }, token)).status).toBe(
    404,
  );
});

test('events of types that are not listed are counted together', async () => {
  const { pool } = api.database;
  const add = (n: number) =>
    pool.query(
      `UPDATE event_statistics SET n = n + $2 WHERE project_id = $1 AND scope = 'c/acme' AND span = 1440`,
      [project.id, n],
    );
  await add(4);
  const { body } = await get('/v1/statistics/event-types', window(), acmeKey);
  await add(-4);
  expect(body).toMatchObject({ items: [{ type: 'c.d', accepted: 1 }], others: 4 });
});

test('a consumer that was created again does not see the types of the one before it', async () => {
  const other = await api.newProject();
  const newKey = async () =>
    (
      (await api.call('POST', '/v1/keys', { key: other.key, body: { consumer: 'again' } })).body as {
        key: string;
      }
    ).key;
  const typesOf = async (key: string) => (await get('/v1/statistics/event-types', window(), key)).body;
  const before = await newKey();
  await api.call('POST', '/v1/events', {
    key: other.key,
    body: { type: 'e.f', consumer: 'again', data: {} },
  });
  await foldAll(api.database.pool);
  expect(await typesOf(before)).toMatchObject({ items: [{ type: 'e.f', accepted: 1 }], others: 0 });
  expect((await api.call('DELETE', '/v1/consumers/again', { key: other.key })).status).toBe(204);
  expect(await typesOf(await newKey())).toMatchObject({ items: [], others: 0 });
});

test('the backlog says what is open and when it is due, of one project or of all', async () => {
  const { body } = await get('/v1/backlog', {});
  const { due, ...counts } = body as { due: { at: string; deliveries: number }[] };
  expect(counts).toMatchObject({
    ...{ pending: 0, retrying: 1, held: 0, measuredAt: expect.any(String), oldestUnattemptedSeconds: null },
    endpoints: [{ endpoint, pending: 0, retrying: 1, held: 0 }],
  });
  expect(due).toHaveLength(24);
  expect(total(due.map(({ deliveries }) => deliveries))).toBe(1);

  expect((await get('/v1/backlog', {}, ADMIN_KEY)).body).toMatchObject({ retrying: 1 });
  expect((await get('/v1/backlog', {}, ADMIN_KEY, { 'posthorn-project': project.id })).body).toMatchObject({
    retrying: 1,
  });
});

test('the list of projects has figures of the last day, if it is asked for them', async () => {
  const listed = async (query: Record<string, string>) =>
    (
      (await get('/v1/projects', query, ADMIN_KEY)).body as { items: { id: string; figures?: object }[] }
    ).items.find(({ id }) => id === project.id);
  expect(await listed({})).not.toHaveProperty('figures');
  expect(await listed({ figures: '24h' })).toMatchObject({
    figures: {
      accepted: 3,
      attempts: 3,
      failed: 1,
      undeliverable: 0,
      open: 1,
      oldestOpenAt: expect.any(String),
      attention: true,
    },
  });
});

test('the figures of a project have its attempts by hour, which come to those of the day', async () => {
  const { items } = (await get('/v1/projects', { figures: '24h' }, ADMIN_KEY)).body as {
    items: { id: string; figures: { hourly: { attempts: number[]; failed: number[] } } }[];
  };
  const { attempts, failed } = items.find(({ id }) => id === project.id)!.figures.hourly;
  const sum = (values: number[]): number => values.reduce((total, n) => total + n, 0);
  expect([attempts.length, failed.length, sum(attempts), sum(failed)]).toEqual([24, 24, 3, 1]);
});

test('a timeline without a time, or with too many points, is refused', async () => {
  const codeOf = async (query: Record<string, string>) =>
    ((await get('/v1/statistics/timeline', query)).body as { code: string }).code;
  expect(await codeOf({})).toBe('window_required');
  expect(await codeOf({ from: '2020-01-01T00:00:00Z' })).toBe('window_required');
  expect(await codeOf({ from: new Date(Date.now() - 24 * HOUR_MS).toISOString(), step: '1m' })).toBe(
    'too_many_points',
  );
  expect(await codeOf({ ...window(), step: '2m' })).toBe('invalid_query');
});
