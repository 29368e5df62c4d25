import { randomBytes } from 'node:crypto';
import { findFreePort } from '../../../src/embedded/free-port.ts';
import { certificate, testAuthority } from '../../receivers/certificates.ts';
import { createClientAuthority } from '../../receivers/client-certificates.ts';
import { type Receiver, startReceiver } from '../../receivers/receiver.ts';
import { startTokenServer, type TokenServer } from '../../receivers/token-server.ts';
import { eventually } from '../../set-up/eventually.ts';
import { dumpTables, dumpTemporal } from '../installation/everything-written.ts';
import { type Installation, installOnSharedServers } from '../installation/installation.ts';
import { nonEphemeralPort } from '../installation/own-servers.ts';
import { endAllProcesses, type PosthornProcess } from '../installation/posthorn-process.ts';

const canary = () => `canary${randomBytes(12).toString('hex')}`;
const asSecret = (text: string) => `whsec_${Buffer.from(text).toString('base64')}`;

/** Content of tenants: each may be in its own columns, and nowhere else. */
const content = { data: canary(), query: canary(), answerBody: canary(), answerHeader: canary() };
const ALLOWED: Record<keyof typeof content, string[]> = {
  data: ['events.body'],
  query: ['attempts.request_url', 'endpoints.url', 'events.target_url'],
  answerBody: ['attempts.response_body'],
  answerHeader: ['attempts.response_headers'],
};
/** Nowhere in plain text. Keys that Posthorn makes join them. */
const secrets: Record<string, string> = {
  endpointSecret: canary(),
  headerValue: canary(),
  targetSecret: canary(),
  rotatedSecret: canary(),
  wrongKey: canary(),
  clientSecret: canary(),
  changedClientSecret: canary(),
};

const clients = createClientAuthority();
const client = clients.issue('sender');
const otherClient = clients.issue('other');
/** The lines of base64 in a PEM text, each of which is part of a key or certificate. */
const linesOf = (name: string, pem: string): Record<string, string> =>
  Object.fromEntries([...pem.matchAll(/^[\w+/=]{40,}$/gm)].map(([line], index) => [`${name}${index}`, line]));

let posthorn: Installation;
let receiver: Receiver;
let tlsReceiver: Receiver;
let tokenServer: TokenServer;
let both: PosthornProcess;
let metrics: string;
const answers: { status: number; text: string }[] = [];

beforeAll(async () => {
  posthorn = await installOnSharedServers();
  receiver = await startReceiver([
    ({ path, body }, response) => {
      if (path.startsWith('/echo')) {
        const words = { error: 'invalid_client', error_description: `not known: ${body}` };
        response.writeHead(401).end(JSON.stringify(words));
        return;
      }
      const status = path.startsWith('/fails') || (path.startsWith('/flaky') && isFirst(path)) ? 500 : 200;
      response.writeHead(status, { 'x-answer': content.answerHeader }).end(content.answerBody);
    },
  ]);
  tlsReceiver = await startReceiver([200], {
    tls: { ...certificate('trusted'), requestCert: true, ca: clients.certificate },
  });
  tokenServer = await startTokenServer();
  const metricsPort = String(await findFreePort(nonEphemeralPort()));
  both = await posthorn.startBoth({ LOG_LEVEL: 'debug', POSTHORN_METRICS_PORT: metricsPort });
  await driveEveryPath();
  metrics = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
});
afterAll(async () => {
  await endAllProcesses();
  await Promise.all([receiver.close(), tlsReceiver.close(), tokenServer.close()]);
  await posthorn.close();
});

const isFirst = (path: string): boolean => receiver.requests.filter((one) => one.path === path).length === 1;

async function call(
  key: string,
  method: string,
  path: string,
  body?: unknown,
): Promise<{ items?: { id: string }[] }> {
  const response = await fetch(posthorn.api.url + path, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  answers.push({ status: response.status, text });
  return JSON.parse(text) as { items?: { id: string }[] };
}

async function driveEveryPath(): Promise<void> {
  const { id: project, key } = await posthorn.api.newProject({ delays: ['1s'], timeout: '1s' });
  const adminKey = posthorn.env.POSTHORN_ADMIN_KEY!;
  const consumerKey = (await posthorn.api.call<{ key: string }>(key, 'POST', '/v1/keys', { consumer: 'c' }))
    .key;
  const made = await posthorn.api.newEndpoint({ id: project, key }, at('/steady/made'), ['ok']);
  Object.assign(secrets, { key, adminKey, consumerKey, made: made.secret });
  secrets.encryptionKey = posthorn.env.POSTHORN_ENCRYPTION_KEYS!;

  const rotate = `/v1/endpoints/${made.id}/rotate-secret`;
  const rotated = await posthorn.api.call<{ secret: string }>(key, 'POST', rotate, {});
  secrets.rotated = rotated.secret;
  await posthorn.api.call(key, 'POST', rotate, { secret: asSecret(secrets.rotatedSecret!) });
  await call(key, 'POST', rotate, { secret: secrets.rotatedSecret });
  await call(key, 'POST', `/v1/endpoints/${made.id}/test`, {});

  const secret = asSecret(secrets.endpointSecret!);
  const headers = { 'x-own': secrets.headerValue };
  for (const [path, type] of Object.entries({ '/steady': 'ok', '/flaky': 'retried', '/fails': 'dead' })) {
    await posthorn.api.call(key, 'POST', '/v1/endpoints', { url: at(path), events: [type], secret, headers });
  }
  const tls = { clientCertificate: client, authorities: testAuthority() };
  const url = `https://127.0.0.1:${tlsReceiver.port}/`;
  await call(key, 'POST', '/v1/endpoints', { uid: 'tls', url, events: ['secured'], tls });
  await call(key, 'POST', '/v1/endpoints', { uid: 'tls', url, tls: { clientCertificate: otherClient } });
  const mixed = { ...otherClient, privateKey: client.privateKey };
  for (const wrongTls of [
    mixed,
    { ...client, certificate: client.privateKey },
    { ...client, privateKey: 'x' },
  ])
    await call(key, 'POST', '/v1/endpoints', { url, tls: { clientCertificate: wrongTls } });
  Object.assign(secrets, linesOf('clientKey', client.privateKey), linesOf('client', client.certificate));
  Object.assign(secrets, linesOf('otherKey', otherClient.privateKey));
  const { tokenUrl } = tokenServer;
  const oauth = { tokenUrl, clientId: 'webhooks', clientSecret: secrets.clientSecret };
  const authorized = { uid: 'oauth', url: at('/steady/oauth'), events: ['authorized'], oauth };
  await call(key, 'POST', '/v1/endpoints', authorized);
  const changedSecret = { ...oauth, clientSecret: secrets.changedClientSecret };
  await call(key, 'POST', '/v1/endpoints', { ...authorized, oauth: changedSecret });
  await call(key, 'POST', '/v1/endpoints', { url: at('/x'), oauth: { ...changedSecret, scopes: ['a b'] } });
  // Its token server repeats what it got.
  const echoing = { ...changedSecret, tokenUrl: at('/echo'), clientAuthentication: 'body' };
  await call(key, 'POST', '/v1/endpoints', {
    url: at('/steady/never'),
    events: ['unauthorized'],
    oauth: echoing,
  });
  const data = { note: content.data };
  const target = { url: `http://127.0.0.1:1/?t=${content.query}`, secret: asSecret(secrets.targetSecret!) };
  for (const type of ['ok', 'retried', 'dead', 'nobody', 'secured', 'authorized', 'unauthorized'])
    await call(key, 'POST', '/v1/events', { type, data });
  await call(key, 'POST', '/v1/events', { id: 'refused', type: 'x', data, target });
  await call(key, 'POST', '/v1/events/batch', { events: [{ type: 'ok', data }] });

  const wrong = {
    url: `ftp://${content.data}/`,
    secret: secrets.endpointSecret,
    headers: { host: secrets.headerValue },
  };
  await call(key, 'POST', '/v1/events', { id: 'refused', type: 'y', data, target });
  await call(key, 'POST', '/v1/events', `{"type":"a","data":{"note":"${content.data}"`);
  await call(key, 'POST', '/v1/events', {
    type: 'a',
    data,
    target: { ...target, secret: secrets.targetSecret },
  });
  await call(key, 'POST', '/v1/events', { type: 'a', data, target: wrong });
  await call(key, 'POST', '/v1/endpoints', wrong);
  await call(key, 'POST', '/v1/endpoints', { url: at('/x'), secret: secrets.endpointSecret });
  await call(key, 'POST', '/v1/endpoints', { url: at('/x'), headers: { 'webhook-id': secrets.headerValue } });
  await call(`ph_${secrets.wrongKey}`, 'GET', '/v1/events');
  await call(consumerKey, 'POST', '/v1/events', { type: 'a', data });

  await tokenServer.untilReceived(1);
  const open = `SELECT FROM deliveries WHERE status IN ('pending', 'retrying') LIMIT 1`;
  await eventually(async () => (await posthorn.pool.query(open)).rowCount === 0);
  for (const [n, token] of tokenServer.tokens.entries()) secrets[`token${n}`] = token;
  await call(key, 'GET', '/v1/endpoints');
  const { items = [] } = await call(key, 'GET', '/v1/deliveries');
  for (const { id } of items) await call(key, 'GET', `/v1/deliveries/${id}/attempts`);
}

const at = (path: string): string => `${receiver.url}${path.slice(1)}?t=${content.query}`;

/** The names of those of `values` that a text holds: as they are, in base64 or in hex. */
const heldIn = (text: string, values: Record<string, string>): string[] =>
  Object.entries(values)
    .filter(([, value]) => formsOf(value).some((form) => text.includes(form)))
    .map(([name]) => name);

const formsOf = (value: string): string[] => {
  const bytes = Buffer.from(value);
  return [
    value,
    value.replace(/^whsec_/, ''),
    bytes.toString('base64').replace(/=+$/, ''),
    bytes.toString('hex'),
  ];
};

test('every path was taken', async () => {
  expect(tlsReceiver.requests).toMatchObject([{ client: 'sender' }]);
  const { rows } = await posthorn.pool.query(`SELECT DISTINCT outcome FROM attempts ORDER BY 1`);
  expect(rows.map(({ outcome }) => outcome)).toEqual([
    'connection_failed',
    'delivered',
    'rejected',
    'token_failed',
  ]);
  expect(tokenServer.tokens).toHaveLength(1);
  const { rows: statuses } = await posthorn.pool.query(`SELECT DISTINCT status FROM events ORDER BY 1`);
  expect(statuses.map(({ status }) => status)).toEqual(['delivered', 'undeliverable', 'unrouted']);
  expect(new Set(answers.map(({ status }) => status))).toEqual(
    new Set([200, 201, 202, 400, 401, 403, 409, 422]),
  );
});

test('no secret and no content is in the logs, whatever their level', () => {
  expect(both.output().length).toBeGreaterThan(1_000);
  expect(heldIn(both.output(), { ...secrets, ...content })).toEqual([]);
});

test('no secret and no content is in the metrics, the SDK’s own included', () => {
  expect(metrics).toContain('posthorn_attempts_total');
  expect(metrics).toContain('temporal_');
  expect(heldIn(metrics, { ...secrets, ...content })).toEqual([]);
});

test('no secret and no content is in Temporal', async () => {
  const { TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE } = posthorn.env;
  const { rows } = await posthorn.pool.query(
    'SELECT DISTINCT workflow_id FROM deliveries WHERE workflow_id IS NOT NULL',
  );
  const read = () => dumpTemporal(TEMPORAL_ADDRESS!, TEMPORAL_NAMESPACE!);
  // What is listed follows the histories a little later. One more workflow keeps the task queue.
  await eventually(async () => (await read()).workflows === rows.length + 1);
  const { text } = await read();

  expect(text).toContain('dlv_');
  expect(heldIn(text, { ...secrets, ...content })).toEqual([]);
});

test('no secret is in a response of the API, and no content in an error', () => {
  const refusals = answers.filter(({ status }) => status >= 400);
  expect(refusals.length).toBeGreaterThanOrEqual(9);
  expect(refusals.flatMap(({ text }) => heldIn(text, { ...secrets, ...content }))).toEqual([]);
  expect(answers.flatMap(({ text }) => heldIn(text, secrets))).toEqual([]);
});

test('in the tables no secret is in plain text, and content is in its own columns only', async () => {
  const dump = await dumpTables(posthorn.pool);
  const columnsWith = (value: string) =>
    [...dump].filter(([, text]) => heldIn(text, { value }).length > 0).map(([column]) => column);

  for (const value of Object.values(secrets)) expect(columnsWith(value)).toEqual([]);
  for (const [name, value] of Object.entries(content)) {
    expect({ [name]: columnsWith(value).sort() }).toEqual({ [name]: ALLOWED[name as keyof typeof content] });
  }
});
