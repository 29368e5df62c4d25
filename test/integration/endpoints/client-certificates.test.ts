import { randomBytes, X509Certificate } from 'node:crypto';
import { createTlsIdentities } from '../../../src/attempts/tls-identities.ts';
import { createSecretBox } from '../../../src/secrets/secret-box.ts';
import { certificate, testAuthority } from '../../receivers/certificates.ts';
import { createClientAuthority } from '../../receivers/client-certificates.ts';
import { type Receiver, startReceiver } from '../../receivers/receiver.ts';
import { eventually } from '../../set-up/eventually.ts';
import { startTestPosthorn, type TestPosthorn } from '../../set-up/test-posthorn.ts';

const authority = createClientAuthority();
const [first, second] = [authority.issue('first'), authority.issue('second')];
const stranger = createClientAuthority('Strangers').issue('stranger');
const oldKey = randomBytes(32);

let posthorn: TestPosthorn;
let receiver: Receiver;
beforeAll(async () => {
  receiver = await startReceiver([200], {
    tls: { ...certificate('trusted'), requestCert: true, ca: authority.certificate },
  });
  posthorn = await startTestPosthorn({ encryptionKey: oldKey });
});
afterAll(async () => {
  await posthorn.close();
  await receiver.close();
});

type Error = { code: string; message: string };
type TlsEndpoint = {
  id: string;
  tls: { clientCertificate: { subject: string } | null; authorities: { subject: string }[] | null } | null;
};

let types = 0;
/** An endpoint with a type of its own. */
async function newEndpoint(tls: object, settings: object = {}): Promise<TlsEndpoint & { type: string }> {
  const type = `type.${types++}`;
  const url = `https://127.0.0.1:${receiver.port}/`;
  const body = { url, events: [type], tls: { authorities: testAuthority(), ...tls }, ...settings };
  return { ...(await posthorn.call<TlsEndpoint>('POST', '/v1/endpoints', body)), type };
}

const refusal = async (method: string, path: string, body: object) => {
  const { status, body: problem } = await posthorn.client.call(method, path, {
    key: posthorn.project.key,
    body,
  });
  const { code, errors = [] } = problem as { code: string; errors?: { pointer: string }[] };
  return [status, code, ...errors.map(({ pointer }) => pointer)].join(' ');
};

/** The name of the client certificate with which an event of the type arrives. */
async function clientOf(type: string, at: TestPosthorn = posthorn): Promise<string | undefined> {
  const { id } = await at.post({ type, data: {} });
  expect(await at.untilSettled(id)).toMatchObject({ status: 'delivered' });
  return receiver.requests.find(({ headers }) => headers['webhook-id'] === id)!.client;
}

async function firstErrorOf(type: string): Promise<{ delivery: string; error: Error }> {
  const { deliveries } = await posthorn.post({ type, data: {} });
  const delivery = deliveries[0]!.id;
  await eventually(async () => (await posthorn.attemptsOf(delivery)).length > 0);
  const [attempt] = (await posthorn.attemptsOf(delivery)) as unknown as { error: Error }[];
  return { delivery, error: attempt!.error };
}

test('an event is delivered with the certificate, and the endpoint shows its names but neither key nor certificate', async () => {
  const { id, type } = await newEndpoint({ clientCertificate: first });
  const { subject, issuer, serialNumber, fingerprint256, validToDate } = new X509Certificate(
    first.certificate,
  );

  expect(await clientOf(type)).toBe('first');

  const found = await posthorn.call<TlsEndpoint>('GET', `/v1/endpoints/${id}`);
  expect(found.tls).toEqual({
    clientCertificate: {
      subject,
      issuer: issuer.replace('\n', ', '),
      serialNumber,
      fingerprint256,
      validFrom: expect.any(String),
      validTo: validToDate.toISOString(),
    },
    authorities: [expect.objectContaining({ subject: new X509Certificate(testAuthority()).subject })],
  });
  for (const path of [`/v1/endpoints/${id}`, '/v1/endpoints'])
    expect(JSON.stringify(await posthorn.call('GET', path))).not.toMatch(/BEGIN|tlsCert|tlsAuth|privateKey/);
});

test('two endpoints on one host send with their own certificates at the same time', async () => {
  const endpoints = [
    await newEndpoint({ clientCertificate: first }),
    await newEndpoint({ clientCertificate: second }),
  ];
  const expected = Array.from({ length: 10 }, (_, n) => (n % 2 === 0 ? 'first' : 'second'));
  expect(await Promise.all(expected.map((_, n) => clientOf(endpoints[n % 2]!.type)))).toEqual(expected);
});

test('the next attempt uses a changed certificate; what a change leaves out stays, and null removes it', async () => {
  const { id, type } = await newEndpoint({ clientCertificate: stranger });
  const path = `/v1/endpoints/${id}`;
  const { delivery, error } = await firstErrorOf(type);
  expect(error.message).toMatch(/does not accept the client certificate/);

  await posthorn.call('PATCH', path, { tls: { clientCertificate: first } });
  await posthorn.call('POST', `/v1/deliveries/${delivery}/retry`);
  await eventually(async () => (await posthorn.attemptsOf(delivery)).at(-1)?.outcome === 'delivered');
  expect(await clientOf(type)).toBe('first');

  const changed = await posthorn.call<TlsEndpoint>('PATCH', path, { tls: { clientCertificate: second } });
  expect(changed.tls!.authorities).toHaveLength(1);
  expect(await clientOf(type)).toBe('second');

  await posthorn.call('PATCH', path, { tls: { clientCertificate: null } });
  expect((await firstErrorOf(type)).error).toEqual({
    code: 'TLS_ALERT_CERTIFICATE_REQUIRED',
    message: expect.stringContaining('requires a client certificate'),
  });

  expect(await posthorn.call('PATCH', path, { tls: null })).toMatchObject({ tls: null });
  expect((await firstErrorOf(type)).error.message).toMatch(/tls\.authorities/);
});

test('a key and a certificate that do not belong together, or an http URL, are refused and change nothing', async () => {
  const { id } = await newEndpoint({ clientCertificate: first });
  const path = `/v1/endpoints/${id}`;
  const clientCertificate = { ...first, privateKey: second.privateKey };
  const pointer = '/tls/clientCertificate/privateKey';
  const http = `http://127.0.0.1:${receiver.port}/`;

  expect(await refusal('PATCH', path, { tls: { clientCertificate } })).toBe(`422 invalid_body ${pointer}`);
  expect(await refusal('PATCH', path, { url: http })).toBe('422 invalid_body /tls');
  const tls = { clientCertificate: first };
  expect(await refusal('POST', '/v1/endpoints', { url: http, tls })).toBe('422 invalid_body /tls');
  const plain = await posthorn.newEndpoint(http, { events: ['plain'] });
  expect(await refusal('PATCH', `/v1/endpoints/${plain.id}`, { tls })).toBe('422 invalid_body /tls');

  expect(await posthorn.call('GET', path)).toMatchObject({
    tls: { clientCertificate: { subject: 'CN=first' } },
  });
  await posthorn.call('PATCH', path, { url: http, tls: null });
});

const LOCK_WAITS = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;

test.each([
  ['a certificate', { tls: { clientCertificate: first } }],
  ['authorities', { tls: { authorities: authority.certificate } }],
])('of two changes at once, one to %s and one to an http URL, the later one is refused', async (_, tls) => {
  const { pool } = posthorn.database;
  const http = `http://127.0.0.1:${receiver.port}/`;
  const { id } = await posthorn.newEndpoint(`https://127.0.0.1:${receiver.port}/`, { events: ['none'] });
  const change = (body: object) =>
    posthorn.client.call('PATCH', `/v1/endpoints/${id}`, { key: posthorn.project.key, body });

  // Both calls are at the row, with all that they read before it, when the first one goes on.
  const holder = await pool.connect();
  await holder.query('BEGIN');
  await holder.query('SELECT FROM endpoints WHERE id = $1 FOR UPDATE', [id]);
  const calls = [change(tls), change({ url: http })];
  await eventually(async () => (await pool.query(LOCK_WAITS)).rows.length === 2);
  await holder.query('COMMIT');
  holder.release();

  expect((await Promise.all(calls)).map(({ status }) => status).sort()).toEqual([200, 422]);
  const { rows } = await pool.query<{ url: string; hasTls: boolean }>(
    `SELECT url, tls_certificate IS NOT NULL OR tls_authorities IS NOT NULL AS "hasTls" FROM endpoints WHERE id = $1`,
    [id],
  );
  expect(rows[0]!.hasTls).toBe(rows[0]!.url.startsWith('https:'));
});

test('the same registration returns the endpoint, and one with another certificate is a conflict', async () => {
  const url = `https://127.0.0.1:${receiver.port}/uid`;
  const body = { uid: 'tls', url, tls: { clientCertificate: first } };
  const { id } = await posthorn.call<TlsEndpoint>('POST', '/v1/endpoints', body);

  expect(await posthorn.call('POST', '/v1/endpoints', body)).toMatchObject({ id });
  const other = { ...body, tls: { clientCertificate: second } };
  expect(await refusal('POST', '/v1/endpoints', other)).toBe('409 uid_conflict /tls');
  expect(await refusal('POST', '/v1/endpoints', { uid: 'tls', url })).toBe('409 uid_conflict /tls');
});

test('a deleted endpoint keeps nothing of it', async () => {
  const { id } = await newEndpoint({ clientCertificate: first });
  const { key } = posthorn.project;
  expect(await posthorn.client.call('DELETE', `/v1/endpoints/${id}`, { key })).toMatchObject({ status: 204 });
  const { rows } = await posthorn.database.pool.query(
    'SELECT tls_certificate, tls_key, tls_authorities FROM endpoints WHERE id = $1',
    [id],
  );
  expect(rows).toEqual([{ tls_certificate: null, tls_key: null, tls_authorities: null }]);
});

test('a new encryption key before the old one opens what the old one sealed', async () => {
  const { type } = await newEndpoint({ clientCertificate: first });
  const { database, project } = posthorn;
  const settings = { encryptionKeys: [randomBytes(32), oldKey] };
  const later = await startTestPosthorn({ database, settings });
  try {
    const { id } = (
      await later.client.call('POST', '/v1/events', {
        key: project.key,
        body: { type, data: {} },
      })
    ).body as { id: string };
    await eventually(async () => receiver.requests.some(({ headers }) => headers['webhook-id'] === id));
    expect(receiver.requests.find(({ headers }) => headers['webhook-id'] === id)!.client).toBe('first');
  } finally {
    await later.close();
  }
});

test('a certificate is read once for each change, and of each endpoint one is kept', async () => {
  const { id } = await newEndpoint({ clientCertificate: first });
  const projectId = posthorn.project.id;
  let reads = 0;
  const { pool } = posthorn.database;
  const query = ((...args: Parameters<typeof pool.query>) => {
    reads++;
    return pool.query(...args);
  }) as typeof pool.query;
  const identities = createTlsIdentities({
    db: { query },
    box: createSecretBox([oldKey]),
    extraAuthorities: [],
  });
  const get = (version: string) => identities.get(projectId, id, version);

  const [one, same] = await Promise.all([get('1'), get('1')]);
  expect(same).toBe(one);
  expect(await get('1')).toBe(one);
  expect(reads).toBe(1);
  expect(await get('2')).not.toBe(one);
  expect(await get('1')).not.toBe(one);
  expect(reads).toBe(3);

  await posthorn.call('PATCH', `/v1/endpoints/${id}`, { tls: null });
  expect(await get('3')).toBeUndefined();
});
