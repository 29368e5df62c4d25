import { createHash } from 'node:crypto';
import { serializePolicy } from '../../../src/policy/retry-policy.ts';
import { operationalProjectOf } from '../../../src/store/operational/operational-project.ts';
import { newId } from '../../../src/store/postgres/ids.ts';
import { startTestApi, type TestApi } from '../../set-up/test-api.ts';
import { acceptEvents } from '../../store/accept-events.ts';

let api: TestApi;
let project: { id: string; key: string };
beforeAll(async () => {
  api = await startTestApi();
});
beforeEach(async () => {
  project = await api.newProject();
});
afterAll(() => api.close());

type Created = {
  id: string;
  uid: string | null;
  secret?: string;
  secrets: { createdAt: string; endsAt: string | null }[];
};
const PATH = '/v1/operational-endpoints';
const URL = 'http://127.0.0.1:9/told';
const call = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
  const response = await api.call(method, path, { key: project.key, body, headers });
  return { status: response.status, body: response.body as Created & Record<string, unknown> };
};

test('an operational endpoint with a uid is registered once', async () => {
  const registration = { url: URL, uid: 'ops', types: ['endpoint.failing'] };
  const first = await call('POST', PATH, registration);
  expect(first).toMatchObject({ status: 201, body: { uid: 'ops', secret: expect.any(String) } });
  const again = await call('POST', PATH, registration);
  const { secret: _, ...withoutSecret } = first.body;
  expect(again).toEqual({ status: 200, body: withoutSecret });
  expect(await call('POST', PATH, { ...registration, types: ['endpoint.disabled'] })).toMatchObject({
    status: 409,
    body: { code: 'uid_conflict', errors: [{ pointer: '/types' }] },
  });

  const other = (await call('POST', PATH, { url: URL })).body;
  expect(await call('PATCH', `${PATH}/${other.id}`, { uid: 'ops' })).toMatchObject({
    status: 409,
    body: { code: 'uid_conflict' },
  });
  expect((await call('PATCH', `${PATH}/${first.body.id}`, { uid: null })).body.uid).toBeNull();
  expect((await call('PATCH', `${PATH}/${other.id}`, { uid: 'ops' })).body.uid).toBe('ops');
  // The uid of an endpoint of the project is another one.
  expect((await call('POST', '/v1/endpoints', { url: URL, uid: 'ops' })).status).toBe(201);
});

test('the same call with the same Idempotency-Key creates one operational endpoint and returns its secret again', async () => {
  const headers = { 'idempotency-key': 'setup-1' };
  const first = await call('POST', PATH, { url: URL }, headers);
  expect(first.status).toBe(201);
  expect(await call('POST', PATH, { url: URL }, headers)).toEqual({ ...first, status: 200 });
  expect(await call('POST', PATH, { url: `${URL}/2` }, headers)).toMatchObject({
    status: 409,
    body: { code: 'idempotency_key_reused' },
  });
  expect(await call('POST', '/v1/endpoints', { url: URL }, headers)).toMatchObject({
    status: 409,
    body: { code: 'idempotency_key_reused' },
  });
  expect((await call('GET', PATH)).body.items).toHaveLength(1);
});

test('the secret of an operational endpoint is rotated with an overlap', async () => {
  const created = (await call('POST', PATH, { url: URL })).body;
  const rotated = (await call('POST', `${PATH}/${created.id}/rotate-secret`, { overlap: '2h' })).body;
  expect(rotated.secret).toMatch(/^whsec_/);
  expect(rotated.secret).not.toBe(created.secret);
  expect(rotated.secrets).toEqual([
    { createdAt: expect.any(String), endsAt: null },
    { createdAt: created.secrets[0]!.createdAt, endsAt: expect.any(String) },
  ]);
  const read = await call('GET', `${PATH}/${created.id}`);
  expect(JSON.stringify(read.body)).not.toMatch(/whsec_/);
  expect((await call('POST', `${PATH}/ep_unknown/rotate-secret`)).status).toBe(404);
});

test('the deliveries to an operational endpoint are listed with their outcomes, and in no other list', async () => {
  const { id } = (await call('POST', PATH, { url: URL })).body;
  const told = {
    projectId: operationalProjectOf(project.id),
    ...{ id: newId('evt', Date.now()), type: 'endpoint.failing', consumer: null, attributes: {} },
    ...{ data: Buffer.from('{}'), body: Buffer.from('{}'), contentHash: createHash('sha256').digest() },
    ...{ profile: 'standard-webhooks', profileVersion: 1, target: null, endpoint: null, test: false },
    policy: serializePolicy({ delays: [], timeout: 15, jitter: 0 }),
    createdAt: new Date(),
  };
  await acceptEvents(api.database.pool, api.secretBox, [told]);
  await api.database.pool.query(
    `UPDATE deliveries SET status = 'undeliverable', due_at = NULL, last_outcome = 'rejected', last_status_code = 401,
                           reason = 'exhausted'
     WHERE event_id = $1`,
    [told.id],
  );

  const listed = await call('GET', `${PATH}/${id}/deliveries`);
  expect(listed.body.items).toMatchObject([
    {
      ...{ endpoint: id, eventType: 'endpoint.failing', status: 'undeliverable' },
      ...{ lastOutcome: 'rejected', lastStatusCode: 401, reason: 'exhausted' },
    },
  ]);
  expect((await call('GET', `${PATH}/${id}/deliveries?status=pending,held`)).body.items).toEqual([]);
  expect((await call('GET', '/v1/deliveries')).body.items).toEqual([]);
  expect((await call('GET', `/v1/deliveries?endpoint=${id}`)).body.items).toEqual([]);
  project = await api.newProject();
  expect((await call('GET', `${PATH}/${id}/deliveries`)).status).toBe(404);
});
