import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { eventually } from '../../set-up/eventually.ts';
import { callerWith, cookieOf, DASHBOARD, newSession, signIn } from '../../set-up/sessions.ts';
import { ADMIN_KEY, startTestApi, type TestApi } from '../../set-up/test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi({ streams: { open: async () => new Readable({ read() {} }) } });
});
afterAll(() => api.close());

const rowsOf = async (text: string, values: unknown[] = []) =>
  (await api.database.pool.query(text, values)).rows;
const sessionOf = async (cookie: string) =>
  (await callerWith(api, cookie)('GET', '/v1/session')).body as Record<string, unknown>;
const hashOf = (cookie: string): Buffer => createHash('sha256').update(cookie.split('=')[1]!).digest();
/** A session may be remembered for half a second. */
const endsSoon = (cookie: string): Promise<void> =>
  eventually(async () => (await callerWith(api, cookie)('GET', '/v1/session')).status === 401);

async function newCode(key: string, headers: Record<string, string> = {}): Promise<string> {
  const { status, body } = await api.call('POST', '/v1/sign-in-codes', { key, headers });
  expect(status).toBe(201);
  const { url } = body as { url: string };
  expect(url).toMatch(/^http:\/\/posthorn\.test\/dashboard\/#code=psc_[\w-]{43}$/);
  return url.split('#code=')[1]!;
}

test('a project key becomes a cookie that scripts and other sites cannot read, and Postgres has its hash only', async () => {
  const { id, key } = await api.newProject('CmdCal');
  const response = await signIn(api, { key });
  expect(response.headers.get('set-cookie')).toMatch(
    /^posthorn_session=phs_[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/,
  );
  const session = {
    kind: 'project',
    project: { id, name: 'CmdCal', profile: 'standard-webhooks' },
    consumer: null,
    access: 'full',
    capabilities: ['view', 'payloads', 'endpoints', 'secrets', 'test', 'retry'],
    build: '1.2.3',
  };
  expect(response.body).toMatchObject(session);
  const cookie = cookieOf(response);
  expect(await sessionOf(cookie)).toMatchObject(session);
  const hours = (Date.parse((response.body as { expiresAt: string }).expiresAt) - Date.now()) / 3_600_000;
  expect(hours).toBeGreaterThan(11.9);
  expect(hours).toBeLessThan(12.1);

  const [stored] = await rowsOf('SELECT to_jsonb(s)::text AS text FROM sessions s WHERE hash = $1', [
    hashOf(cookie),
  ]);
  for (const secret of [cookie.split('=')[1]!, key]) expect(stored.text).not.toContain(secret);
});

test('with https, the cookie is sent over https only, and no other host of the domain can set it', async () => {
  const https = await startTestApi({ config: { publicUrl: 'https://posthorn.test/hooks' } });
  try {
    const response = await signIn(https, { key: ADMIN_KEY });
    expect(response.headers.get('set-cookie')).toMatch(
      /^__Host-posthorn_session=phs_[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Secure$/,
    );
    expect((await callerWith(https, cookieOf(response))('GET', '/v1/session')).status).toBe(200);
    const unprefixed = cookieOf(response).replace('__Host-', '');
    expect((await callerWith(https, unprefixed)('GET', '/v1/session')).status).toBe(401);
  } finally {
    await https.close();
  }
});

test('a session of the admin key reaches every project by the header Posthorn-Project', async () => {
  const { id } = await api.newProject();
  const call = await newSession(api, { key: ADMIN_KEY });
  expect((await call('GET', '/v1/session')).body).toMatchObject({ kind: 'admin', project: null });
  const headers = { 'posthorn-project': id };
  expect((await call('GET', '/v1/session', { headers })).body).toMatchObject({
    kind: 'admin',
    project: { id },
  });
  expect((await call('GET', '/v1/project', { headers })).body).toMatchObject({ id });
  expect((await call('GET', '/v1/project')).status).toBe(400);
  expect((await call('GET', '/v1/projects')).status).toBe(200);
});

test('a session of a project key reaches its project only', async () => {
  const { id, key } = await api.newProject();
  const other = await api.newProject();
  const call = await newSession(api, { key });
  expect((await call('GET', '/v1/project')).body).toMatchObject({ id });
  expect((await call('GET', '/v1/project', { headers: { 'posthorn-project': id } })).status).toBe(200);
  expect((await call('GET', '/v1/project', { headers: { 'posthorn-project': other.id } })).status).toBe(403);
  expect((await call('GET', '/v1/projects')).status).toBe(403);
});

test('keys of consumers, wrong keys and unknown codes do not sign in', async () => {
  const { key } = await api.newProject();
  const { body } = await api.call('POST', '/v1/keys', { key, body: { consumer: 'acme' } });
  expect((await signIn(api, { key: (body as { key: string }).key })).status).toBe(403);
  for (const wrong of [{ key: 'ph_wrong' }, { code: 'psc_wrong' }, { code: key }])
    expect((await signIn(api, wrong)).status).toBe(401);
  for (const invalid of [{}, { key, code: 'psc_x' }, { key: '' }, { key: 'a b' }])
    expect((await signIn(api, invalid)).status).toBe(422);
});

test('wrong keys and codes are counted by address, and valid ones work in spite of it', async () => {
  const limited = await startTestApi({ config: { maxWrongKeysPerMinute: 3 } });
  try {
    const { key } = await limited.newProject();
    const made = await limited.call('POST', '/v1/sign-in-codes', { key });
    const code = (made.body as { url: string }).url.split('#code=')[1];
    const wrong = [{ key: 'ph_wrong' }, { code: 'psc_wrong' }, { code: 'psc_other' }, { code: 'psc_wrong' }];
    const statuses: number[] = [];
    for (const body of wrong) statuses.push((await signIn(limited, body)).status);
    expect(statuses).toEqual([401, 401, 401, 429]);
    const guess = `posthorn_session=phs_${'a'.repeat(43)}`;
    expect((await callerWith(limited, guess)('GET', '/v1/session')).status).toBe(429);
    const call = await newSession(limited, { code });
    expect((await call('GET', '/v1/session')).status).toBe(200);
    expect((await signIn(limited, { key })).status).toBe(201);
  } finally {
    await limited.close();
  }
});

describe('calls that a page of another origin may have caused', () => {
  test.each([
    ['without the header Posthorn-Dashboard', { 'posthorn-dashboard': '' }],
    ['with another value of it', { 'posthorn-dashboard': 'true' }],
    ['from another site', { 'sec-fetch-site': 'cross-site' }],
    ['from another host of the domain', { 'sec-fetch-site': 'same-site' }],
    ['from no page', { 'sec-fetch-site': 'none' }],
  ])('are refused %s', async (_name, headers: Record<string, string>) => {
    const { key } = await api.newProject();
    const cookie = cookieOf(await signIn(api, { key }));
    const call = callerWith(api, cookie);
    const refused = { status: 403, body: expect.objectContaining({ code: 'csrf_refused' }) };
    expect(await call('GET', '/v1/project', { headers })).toMatchObject(refused);
    expect(await call('POST', '/v1/keys', { headers, body: {} })).toMatchObject(refused);
    expect(await signIn(api, { key }, headers)).toMatchObject(refused);
    expect((await call('GET', '/v1/project', { headers: { 'sec-fetch-site': 'same-origin' } })).status).toBe(
      200,
    );
  });

  test('the header Authorization counts before the cookie, and needs no other header', async () => {
    const first = await api.newProject();
    const second = await api.newProject();
    const cookie = cookieOf(await signIn(api, { key: first.key }));
    const headers = { cookie, 'sec-fetch-site': 'cross-site' };
    const { body } = await api.call('GET', '/v1/project', { key: second.key, headers });
    expect(body).toMatchObject({ id: second.id });
    const wrong = await api.call('GET', '/v1/project', {
      key: 'ph_wrong',
      headers: { cookie, ...DASHBOARD },
    });
    expect(wrong.status).toBe(401);
  });

  test('two session cookies are refused, and no call answers CORS headers', async () => {
    const { key } = await api.newProject();
    const cookie = cookieOf(await signIn(api, { key }));
    expect((await callerWith(api, `${cookie}; ${cookie}`)('GET', '/v1/project')).status).toBe(401);
    const headers = { origin: 'https://evil.example', 'access-control-request-method': 'POST' };
    const response = await api.call('OPTIONS', '/v1/session', { headers });
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
  });
});

describe('a session ends', () => {
  test('on sign-out, which clears the cookie and what the browser keeps', async () => {
    const cookie = cookieOf(await signIn(api, { key: (await api.newProject()).key }));
    const call = callerWith(api, cookie);
    const response = await call('DELETE', '/v1/session');
    expect(response.status).toBe(204);
    expect(response.headers.get('set-cookie')).toBe(
      'posthorn_session=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0',
    );
    expect(response.headers.get('clear-site-data')).toBe('"cache", "storage"');
    expect((await call('GET', '/v1/session')).status).toBe(401);
  });

  test('within a second after its key is deleted, with its open stream', async () => {
    const { key } = await api.newProject();
    const second = (await api.call('POST', '/v1/keys', { key })).body as { id: string; key: string };
    const cookie = cookieOf(await signIn(api, { key: second.key }));
    const stream = await fetch(`${api.url}/v1/outcomes`, { headers: { cookie, ...DASHBOARD } });
    expect(stream.status).toBe(200);
    // As another process does: this one hears nothing of it.
    await api.database.pool.query('DELETE FROM api_keys WHERE id = $1', [second.id]);
    expect(await stream.text()).toBe('');
    await endsSoon(cookie);
  });

  test('12 hours after its last use, and 7 days after it began, with its open stream', async () => {
    const { key } = await api.newProject();
    for (const change of [`used_at = now() - interval '12 hours'`, `expires_at = now()`]) {
      const cookie = cookieOf(await signIn(api, { key }));
      const stream = await fetch(`${api.url}/v1/outcomes`, { headers: { cookie, ...DASHBOARD } });
      await api.database.pool.query(`UPDATE sessions SET ${change} WHERE hash = $1`, [hashOf(cookie)]);
      expect(await stream.text()).toBe('');
      await endsSoon(cookie);
    }
    const cookie = cookieOf(await signIn(api, { key }));
    const lifetime = `SELECT extract(epoch FROM expires_at - created_at)::int AS seconds FROM sessions WHERE hash = $1`;
    expect(await rowsOf(lifetime, [hashOf(cookie)])).toEqual([{ seconds: 7 * 86_400 }]);
  });

  test('when the admin key changes', async () => {
    const cookie = cookieOf(await signIn(api, { key: ADMIN_KEY }));
    const { pool } = api.database;
    const beside = { pool, secretBox: api.secretBox };
    const [same, changed] = [
      await startTestApi(beside),
      await startTestApi({ ...beside, config: { adminKey: 'another-admin-key-0123456789abcdef' } }),
    ];
    try {
      expect((await callerWith(same, cookie)('GET', '/v1/session')).status).toBe(200);
      expect((await callerWith(changed, cookie)('GET', '/v1/session')).status).toBe(401);
    } finally {
      await same.close();
      await changed.close();
    }
  });

  test('when another begins in the same browser', async () => {
    const { key } = await api.newProject();
    const first = cookieOf(await signIn(api, { key }));
    const second = cookieOf(await signIn(api, { key }, { cookie: first }));
    expect((await callerWith(api, first)('GET', '/v1/session')).status).toBe(401);
    expect((await callerWith(api, second)('GET', '/v1/session')).status).toBe(200);
  });

  test('when its key has 100 newer ones', async () => {
    const { id, key } = await api.newProject();
    const cookie = cookieOf(await signIn(api, { key }));
    await api.database.pool.query(
      `INSERT INTO sessions (hash, id, kind, project_id, access, key_hash, idle_seconds, used_at, expires_at)
       SELECT sha256(n::text::bytea), 'ses_' || $2 || n, kind, $2, access, key_hash, idle_seconds,
              now() + interval '1 second', expires_at
       FROM sessions, generate_series(1, 99) AS n WHERE hash = $1`,
      [hashOf(cookie), id],
    );
    expect((await signIn(api, { key })).status).toBe(201);
    await endsSoon(cookie);
    expect(await rowsOf('SELECT count(*)::int AS n FROM sessions WHERE project_id = $1', [id])).toEqual([
      { n: 100 },
    ]);
  });
});

test('each use puts off the end, and is written every five minutes at most', async () => {
  const { key } = await api.newProject();
  const cookie = cookieOf(await signIn(api, { key }));
  const usedAt = `SELECT used_at::text AS at FROM sessions WHERE hash = $1`;
  const [before] = await rowsOf(usedAt, [hashOf(cookie)]);
  await sessionOf(cookie);
  expect(await rowsOf(usedAt, [hashOf(cookie)])).toEqual([before]);

  const earlier = `UPDATE sessions SET used_at = now() - interval '6 minutes' WHERE hash = $1`;
  await api.database.pool.query(earlier, [hashOf(cookie)]);
  const isFresh = `SELECT used_at > now() - interval '1 minute' AS fresh FROM sessions WHERE hash = $1`;
  await eventually(async () => {
    await sessionOf(cookie);
    return (await rowsOf(isFresh, [hashOf(cookie)]))[0].fresh;
  });
});

describe('a sign-in code', () => {
  test('signs in once, with the rights of its caller', async () => {
    const { id, key } = await api.newProject();
    const code = await newCode(key);
    const attempts = await Promise.all(Array.from({ length: 5 }, () => signIn(api, { code })));
    expect(attempts.map(({ status }) => status).toSorted()).toEqual([201, 401, 401, 401, 401]);
    const call = callerWith(api, cookieOf(attempts.find(({ status }) => status === 201)!));
    expect((await call('GET', '/v1/session')).body).toMatchObject({ kind: 'project', project: { id } });

    const admin = await newSession(api, { code: await newCode(ADMIN_KEY) });
    expect((await admin('GET', '/v1/session')).body).toMatchObject({ kind: 'admin', access: 'full' });
  });

  test('can be made by a session, and then ends with the key of that session', async () => {
    const { key } = await api.newProject();
    const second = (await api.call('POST', '/v1/keys', { key })).body as { id: string; key: string };
    const call = await newSession(api, { key: second.key });
    const made = await call('POST', '/v1/sign-in-codes');
    expect(made.status).toBe(201);
    const used = await newCode(second.key);
    const cookie = cookieOf(await signIn(api, { code: used }));
    await api.call('DELETE', `/v1/keys/${second.id}`, { key });
    await endsSoon(cookie);
    const code = (made.body as { url: string }).url.split('#code=')[1];
    expect((await signIn(api, { code })).status).toBe(401);
  });

  test('expires after 10 minutes', async () => {
    const { key } = await api.newProject();
    const code = await newCode(key);
    const hash = createHash('sha256').update(code).digest();
    const left = `SELECT extract(epoch FROM expires_at - now()) AS seconds FROM sign_in_codes WHERE hash = $1`;
    const [{ seconds }] = await rowsOf(left, [hash]);
    expect(Number(seconds)).toBeGreaterThan(500);
    expect(Number(seconds)).toBeLessThanOrEqual(600);
    await api.database.pool.query('UPDATE sign_in_codes SET expires_at = now() WHERE hash = $1', [hash]);
    expect((await signIn(api, { code })).status).toBe(401);
  });
});

test('a session that only reads may sign out, and change nothing else', async () => {
  const { key } = await api.newProject();
  const cookie = cookieOf(await signIn(api, { code: await newCode(key), readOnly: true }));
  const call = callerWith(api, cookie);
  expect((await call('GET', '/v1/session')).body).toMatchObject({ access: 'read' });
  const head = await fetch(`${api.url}/v1/project`, { method: 'HEAD', headers: { cookie, ...DASHBOARD } });
  expect(head.status).toBe(200);
  for (const [method, path] of [
    ['POST', '/v1/keys'],
    ['PATCH', '/v1/project'],
    ['DELETE', '/v1/endpoints/ep_x'],
    ['POST', '/v1/sign-in-codes'],
    ['POST', '/v1/projects'],
  ] as const)
    expect((await call(method, path, { body: {} })).body).toMatchObject({ status: 403, code: 'read_only' });
  expect((await call('DELETE', '/v1/session')).status).toBe(204);
});

test('the audit trail names the session and its key, and neither cookie nor code', async () => {
  const { key } = await api.newProject();
  const code = await newCode(key);
  const cookie = cookieOf(await signIn(api, { code }));
  await callerWith(api, cookie)('PATCH', '/v1/project', { body: { name: 'renamed' } });
  const { body } = await api.call('GET', '/v1/audit', { key });
  const { items } = body as { items: { actor: Record<string, unknown>; action: string }[] };
  expect(items).toMatchObject([
    { action: 'changeOwnProject', actor: { kind: 'project', session: expect.stringMatching(/^ses_/) } },
    { action: 'createSignInCode', actor: { kind: 'project', session: null } },
  ]);
  expect(items[0]!.actor.key).toBe(items[1]!.actor.key);
  const ofSession = await api.call('GET', `/v1/audit?actor=${items[0]!.actor.session}`, { key });
  expect((ofSession.body as { items: unknown[] }).items).toEqual([items[0]]);
  const [all] = await rowsOf('SELECT string_agg(to_jsonb(e)::text, chr(10)) AS text FROM audit_entries e');
  for (const secret of [code, cookie.split('=')[1]!]) expect(all.text).not.toContain(secret);
});
