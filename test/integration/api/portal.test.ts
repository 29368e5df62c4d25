import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { eventually } from '../../set-up/eventually.ts';
import { DASHBOARD, portalToken } from '../../set-up/sessions.ts';
import { startTestApi, type TestApi } from '../../set-up/test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi({ streams: { open: async () => new Readable({ read() {} }) } });
});
afterAll(() => api.close());

type Link = { id: string; url: string; expiresAt: string };
const newLink = async (key: string, body: object): Promise<Link> => {
  const { status, body: link } = await api.call('POST', '/v1/portal-links', { key, body });
  expect({ status, link }).toMatchObject({ status: 201 });
  return link as Link;
};
const codeOf = ({ url }: Link): string => url.split('#code=')[1]!;
const open = (code: string) => api.call('POST', '/v1/portal-sessions', { body: { code } });
const hashOf = (text: string): Buffer => createHash('sha256').update(text).digest();
const endsSoon = (token: string): Promise<void> =>
  eventually(async () => (await api.call('GET', '/v1/session', { key: token })).status === 401);

test('a link opens the portal once, as its consumer, and Postgres has neither its code nor the token', async () => {
  const { id, key } = await api.newProject('CmdCal');
  const link = await newLink(key, { consumer: 'acme', path: '/endpoints/ep_1' });
  expect(link.id).toMatch(/^plk_[a-z0-9]{26}$/);
  expect(link.url).toMatch(
    new RegExp(`^http://posthorn\\.test/portal/${id}/endpoints/ep_1#code=plc_[\\w-]{43}$`),
  );

  const opened = await Promise.all(Array.from({ length: 4 }, () => open(codeOf(link))));
  expect(opened.map(({ status }) => status).toSorted()).toEqual([201, 410, 410, 410]);
  const { token, ...session } = opened.find(({ status }) => status === 201)!.body as { token: string };
  expect(token).toMatch(/^phs_[\w-]{43}$/);
  expect(session).toMatchObject({
    kind: 'consumer',
    project: { id, name: 'CmdCal' },
    consumer: { id: 'acme', name: null },
    access: 'full',
    capabilities: ['view', 'payloads', 'endpoints', 'secrets', 'test', 'retry'],
    temporalUiUrl: null,
  });
  expect((await api.call('GET', '/v1/session', { key: token })).body).toMatchObject({ kind: 'consumer' });
  expect((await api.call('GET', '/v1/consumers/acme', { key })).status).toBe(200);
  expect((await api.call('POST', '/v1/keys', { key: token })).status).toBe(403);
  const { rows } = await api.database.pool.query(
    `SELECT (SELECT string_agg(to_jsonb(s)::text, '') FROM sessions s)
            || (SELECT string_agg(to_jsonb(l)::text, '') FROM portal_links l) AS text`,
  );
  for (const secret of [token, codeOf(link)]) expect(rows[0].text).not.toContain(secret);
});

test('a link says how long its session lasts, and how long without use', async () => {
  const { key } = await api.newProject();
  const timesOf = async (body: object) => newLink(key, { consumer: 'acme', ...body });
  expect(await timesOf({})).toMatchObject({ sessionSeconds: 8 * 3_600, sessionIdleSeconds: 3_600 });
  const short = await timesOf({ sessionFor: '15m' });
  expect(short).toMatchObject({ sessionSeconds: 900, sessionIdleSeconds: 900 });

  const session = (await open(codeOf(short))).body as { expiresAt: string };
  const lastsMs = Date.parse(session.expiresAt) - Date.now();
  expect(lastsMs).toBeLessThanOrEqual(901_000);
  expect(lastsMs).toBeGreaterThan(600_000);
});

test('the token is no cookie, and a cookie is no token', async () => {
  const { key } = await api.newProject();
  const token = await portalToken(api, key, { consumer: 'acme' });
  const headers = { cookie: `posthorn_session=${token}`, ...DASHBOARD };
  expect((await api.call('GET', '/v1/session', { headers })).status).toBe(401);
  const signedIn = await api.call('POST', '/v1/session', { body: { key }, headers: DASHBOARD });
  const cookie = signedIn.headers.get('set-cookie')!.split(';')[0]!.split('=')[1]!;
  expect((await api.call('GET', '/v1/session', { key: cookie })).status).toBe(401);
});

test('an expired, a revoked and an invented code get 410, and guesses are counted by address', async () => {
  const { key } = await api.newProject();
  const expired = await newLink(key, { consumer: 'acme' });
  await api.database.pool.query('UPDATE portal_links SET expires_at = now() WHERE id = $1', [expired.id]);
  const revoked = await newLink(key, { consumer: 'acme' });
  expect((await api.call('DELETE', `/v1/portal-links/${revoked.id}`, { key })).status).toBe(204);
  for (const code of [codeOf(expired), codeOf(revoked), 'plc_invented'])
    expect((await open(code)).body).toMatchObject({ status: 410, code: 'portal_link_gone' });
  const limited = await startTestApi({ config: { maxWrongKeysPerMinute: 1 } });
  try {
    const guess = () => limited.call('POST', '/v1/portal-sessions', { body: { code: 'plc_invented' } });
    expect([(await guess()).status, (await guess()).status]).toEqual([410, 429]);
  } finally {
    await limited.close();
  }
});

test('times are as documented by default, and within their limits', async () => {
  const { id, key } = await api.newProject();
  const secondsOf = async (body: object) => {
    const link = await newLink(key, { consumer: 'acme', ...body });
    await open(codeOf(link));
    const { rows } = await api.database.pool.query(
      `SELECT extract(epoch FROM l.expires_at - s.created_at)::int AS link, s.idle_seconds AS idle,
              extract(epoch FROM s.expires_at - s.created_at)::int AS session
       FROM sessions s JOIN portal_links l ON l.id = s.link_id WHERE l.id = $1`,
      [link.id],
    );
    return rows[0];
  };
  const usual = await secondsOf({});
  expect(usual).toMatchObject({ session: 8 * 3_600, idle: 3_600 });
  expect(Math.abs(usual.link - 600)).toBeLessThan(60);
  expect(await secondsOf({ sessionFor: '15m', expiresIn: '1h' })).toMatchObject({ session: 900, idle: 900 });
  for (const body of [
    { sessionFor: '14m' },
    { sessionFor: '8d' },
    { expiresIn: '59s' },
    { expiresIn: '61m' },
  ])
    expect(
      (await api.call('POST', '/v1/portal-links', { key, body: { consumer: 'a', ...body } })).status,
    ).toBe(422);
  expect(id).toBeDefined();
});

test('the sessions of a consumer are listed while they are in force, the newest first, without anything secret', async () => {
  const { key } = await api.newProject();
  const link = await newLink(key, { consumer: 'acme', capabilities: ['view'] });
  const { token } = (await open(codeOf(link))).body as { token: string };
  await portalToken(api, key, { consumer: 'acme' });
  await portalToken(api, key, { consumer: 'globex' });
  const list = async (query = '') =>
    (await api.call('GET', `/v1/consumers/acme/sessions${query}`, { key })).body as {
      items: { id: string; link: string; capabilities: string[] }[];
      nextCursor: string | null;
    };
  const { items } = await list();
  expect(items).toHaveLength(2);
  expect(items[1]).toEqual({
    id: expect.stringMatching(/^ses_/),
    link: link.id,
    capabilities: ['view'],
    createdAt: expect.any(String),
    lastUsedAt: expect.any(String),
    expiresAt: expect.any(String),
  });
  const first = await list('?limit=1');
  expect((await list(`?limit=1&cursor=${first.nextCursor}`)).items).toEqual([items[1]]);
  expect((await api.call('GET', '/v1/consumers/nobody/sessions', { key })).status).toBe(404);
  expect((await api.call('GET', '/v1/consumers/acme/sessions', { key: token })).status).toBe(403);
  await api.database.pool.query(
    `UPDATE sessions SET used_at = now() - interval '1 hour' WHERE link_id = $1`,
    [link.id],
  );
  expect((await list()).items.map(({ id }) => id)).toEqual([items[0]!.id]);
});

describe('a session of the portal ends', () => {
  test('with its link, and with its open stream', async () => {
    const { key } = await api.newProject();
    const link = await newLink(key, { consumer: 'acme' });
    const { token } = (await open(codeOf(link))).body as { token: string };
    const kept = await portalToken(api, key, { consumer: 'acme' });
    const stream = await fetch(`${api.url}/v1/outcomes`, { headers: { authorization: `Bearer ${token}` } });
    expect(stream.status).toBe(200);
    await api.call('DELETE', `/v1/portal-links/${link.id}`, { key });
    expect(await stream.text()).toBe('');
    await endsSoon(token);
    expect((await api.call('GET', '/v1/session', { key: kept })).status).toBe(200);
  });

  test('with all of its consumer, by one call', async () => {
    const { key } = await api.newProject();
    const tokens = [
      await portalToken(api, key, { consumer: 'acme' }),
      await portalToken(api, key, { consumer: 'acme' }),
    ];
    const other = await portalToken(api, key, { consumer: 'globex' });
    expect((await api.call('DELETE', '/v1/consumers/acme/sessions', { key })).status).toBe(204);
    for (const token of tokens) await endsSoon(token);
    expect((await api.call('GET', '/v1/session', { key: other })).status).toBe(200);
    expect((await api.call('DELETE', '/v1/consumers/nobody/sessions', { key })).status).toBe(404);
  });

  test('with its consumer, whose links no longer open the portal', async () => {
    const { key } = await api.newProject();
    const token = await portalToken(api, key, { consumer: 'acme' });
    const link = await newLink(key, { consumer: 'acme' });
    expect((await api.call('DELETE', '/v1/consumers/acme', { key })).status).toBe(204);
    await endsSoon(token);
    expect((await open(codeOf(link))).status).toBe(410);
  });

  test('an hour after its last use', async () => {
    const { key } = await api.newProject();
    const token = await portalToken(api, key, { consumer: 'acme' });
    const unused = `UPDATE sessions SET used_at = now() - interval '1 hour' WHERE hash = $1`;
    await api.database.pool.query(unused, [hashOf(token)]);
    await endsSoon(token);
  });
});

test('only the project that made a link may revoke it', async () => {
  const { key } = await api.newProject();
  const stranger = await api.newProject();
  const link = await newLink(key, { consumer: 'acme' });
  expect((await api.call('DELETE', `/v1/portal-links/${link.id}`, { key: stranger.key })).status).toBe(404);
  const token = await portalToken(api, stranger.key, { consumer: 'acme' });
  const endpoint = { url: 'http://127.0.0.1:9/', consumer: 'acme' };
  const { body } = await api.call('POST', '/v1/endpoints', { key, body: endpoint });
  expect((await api.call('GET', `/v1/endpoints/${(body as { id: string }).id}`, { key: token })).status).toBe(
    404,
  );
  expect((await open(codeOf(link))).status).toBe(201);
});

test('without payloads, only sizes are shown, and nothing can be found by what is in bodies', async () => {
  const { key } = await api.newProject();
  const { body: endpoint } = await api.call('POST', '/v1/endpoints', {
    key,
    body: { url: 'http://127.0.0.1:9/', consumer: 'acme' },
  });
  const event = { id: 'e1', type: 'a.b', data: { secret: 'canary' }, consumer: 'acme' };
  await api.call('POST', '/v1/events', { key, body: event });
  const { items } = (await api.call('GET', '/v1/deliveries', { key })).body as { items: { id: string }[] };
  const delivery = items[0]!.id;
  await api.database.pool.query(
    `INSERT INTO attempts (delivery_id, epoch, number, step, trigger, started_at, duration_ms, outcome, status_code,
                           response_headers, response_body)
     VALUES ($1, 1, 1, 0, 'schedule', now(), 1, 'rejected', 500, '{}', 'canary of the receiver')`,
    [delivery],
  );
  const blind = await portalToken(api, key, { consumer: 'acme', capabilities: ['test'] });
  const seeing = await portalToken(api, key, { consumer: 'acme', capabilities: ['payloads'] });
  const paths = [
    '/v1/events/e1',
    '/v1/events',
    '/v1/events?fields=summary',
    `/v1/deliveries/${delivery}`,
    `/v1/deliveries/${delivery}/attempts`,
    '/v1/endpoints',
  ];
  for (const path of paths) {
    const hidden = await api.call('GET', path, { key: blind });
    expect({ path, status: hidden.status, canary: hidden.text.includes('canary') }).toEqual({
      path,
      status: 200,
      canary: false,
    });
  }
  const [seen, hidden] = await Promise.all(
    [seeing, blind].map(async (token) => (await api.call('GET', '/v1/events/e1', { key: token })).body),
  );
  const { body } = seen as { body: string };
  expect(body).toContain('canary');
  expect(hidden).toMatchObject({ data: null, body: null, bytes: Buffer.byteLength(body) });
  const attempts = (await api.call('GET', `/v1/deliveries/${delivery}/attempts`, { key: blind })).body;
  expect(attempts).toMatchObject({ items: [{ response: { body: null, bytes: 22 } }] });

  const since = new Date(Date.now() - 60_000).toISOString();
  for (const list of ['events', 'deliveries']) {
    const search = `/v1/${list}?contains=canary&since=${since}`;
    expect((await api.call('GET', search, { key: blind })).body).toMatchObject({
      code: 'capability_missing',
    });
    expect((await api.call('GET', search, { key: seeing })).status).toBe(200);
  }
  const { id } = endpoint as { id: string };
  const sent = await api.call('POST', `/v1/endpoints/${id}/test`, { key: blind, body: {} });
  expect(sent.body).toMatchObject({ data: null, body: null });
});

test('without secrets, a new endpoint does not show its secret, also not to a repeated call', async () => {
  const { key } = await api.newProject();
  const tokens = {
    blind: await portalToken(api, key, { consumer: 'acme', capabilities: ['endpoints'] }),
    seeing: await portalToken(api, key, { consumer: 'acme', capabilities: ['endpoints', 'secrets'] }),
  };
  const create = (token: string, once: string) =>
    api.call('POST', '/v1/endpoints', {
      key: token,
      body: { url: 'http://127.0.0.1:9/' },
      headers: { 'idempotency-key': once },
    });
  expect((await create(tokens.seeing, 'first')).body).toHaveProperty('secret');
  const hidden = await create(tokens.blind, 'second');
  expect(hidden.status).toBe(201);
  expect(hidden.body).not.toHaveProperty('secret');
  expect((await create(tokens.blind, 'first')).body).toMatchObject({ code: 'idempotency_key_reused' });
});

test('the look of the portal comes from the project, and a link overrides it', async () => {
  const { id, key } = await api.newProject();
  const portal = {
    name: 'CmdCal',
    logoUrl: 'https://cdn.example.com/logo.svg',
    accent: '#4F46E5',
    origins: ['https://app.example.com'],
    returnUrl: 'https://app.example.com/settings',
  };
  const changed = await api.call('PATCH', '/v1/project', { key, body: { portal } });
  expect(changed.body).toMatchObject({ portal });
  const theme = { accent: '#000000', mode: 'dark', radius: 4, logoUrl: 'https://cdn.example.com/other.svg' };
  const link = await newLink(key, { consumer: 'acme', theme, refreshUrl: 'https://app.example.com/again' });
  expect((await open(codeOf(link))).body).toMatchObject({
    theme: { name: 'CmdCal', ...theme, hideBranding: false },
    returnUrl: portal.returnUrl,
    refreshUrl: 'https://app.example.com/again',
    origins: portal.origins,
  });
  const elsewhere = { consumer: 'acme', theme: { logoUrl: 'https://other.example.com/logo.svg' } };
  expect((await api.call('POST', '/v1/portal-links', { key, body: elsewhere })).status).toBe(422);
  await api.call('PATCH', '/v1/project', { key, body: { portal: null } });
  expect((await api.call('GET', `/v1/project`, { key })).body).toMatchObject({ id, portal: null });
});

test.each([
  [{ origins: ['https://app.example.com/'] }],
  [{ origins: ['http://app.example.com'] }],
  [{ origins: ['https://*.example.com'] }],
  [{ origins: ["https://a.example;script-src'unsafe-inline'"] }],
  [{ origins: ['https://a.example,b'] }],
  [{ origins: Array.from({ length: 21 }, (_, n) => `https://a${n}.example.com`) }],
  [{ logoUrl: 'https://cdn;x.example.com/logo.svg' }],
  [{ logoUrl: 'data:image/svg+xml,x' }],
  [{ returnUrl: 'javascript:alert(1)' }],
  [{ returnUrl: 'https://user:password@example.com/' }],
  [{ accent: 'red' }],
  [{ radius: 17 }],
  [{ mode: 'sepia' }],
  [{ unknown: 1 }],
])('the setting of the portal %j is refused', async (portal) => {
  const { key } = await api.newProject();
  expect((await api.call('PATCH', '/v1/project', { key, body: { portal } })).status).toBe(422);
});
