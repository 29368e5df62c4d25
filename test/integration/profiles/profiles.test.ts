import { createProfileLookup } from '../../../src/profiles/profile-lookup.ts';
import { createBuiltInProfiles } from '../../../src/profiles/shipped/registry.ts';
import { standardWebhooks } from '../../../src/profiles/shipped/standard-webhooks.ts';
import { StoreUnavailable } from '../../../src/store/postgres/database.ts';
import { applyProfilePlans } from '../../../src/store/projects/projects.ts';
import { ADMIN_KEY, startTestApi, type TestApi } from '../../set-up/test-api.ts';

type Json = Record<string, unknown>;
type Problem = { code: string; detail: string; errors: { pointer: string; detail: string }[] };
type Stored = { name: string; version: number; source: string; profile: Json };

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

const call = async <T = Stored>(method: string, path: string, key: string, body?: unknown) => {
  const answered = await api.call(method, path, { key, body });
  return { status: answered.status, body: answered.body as T, text: answered.text };
};
const refusal = async (...args: Parameters<typeof call>) => {
  const { status, body } = await call<Problem>(...args);
  return { status, code: body.code, pointers: body.errors.map(({ pointer }) => pointer) };
};

let names = 0;
/** A name that no test has used. */
const newName = (): string => `wire-${++names}`;
const wire = (name: string, changes: object = {}) => ({
  ...standardWebhooks,
  name,
  title: 'Wire',
  ...changes,
});
const put = (key: string, name: string, changes: object = {}) =>
  call('PUT', `/v1/profiles/${name}`, key, wire(name, changes));

describe('bringing', () => {
  test('a profile is put, found as it was put, and used', async () => {
    const { key } = await api.newProject();
    const name = newName();
    const body = { zulu: '$type', alpha: '$id', '...': '$data' };
    expect(await put(key, name, { body })).toMatchObject({
      status: 200,
      body: { name, version: 1, source: 'own', profile: wire(name, { body }) },
    });
    const read = await call('GET', `/v1/profiles/${name}`, key);
    expect(read.text).toContain('"body":{"zulu":"$type","alpha":"$id","...":"$data"}');

    expect((await call('PATCH', '/v1/project', key, { profile: name })).status).toBe(200);
    const event = await call<Json>('POST', '/v1/events', key, { type: 'a.b', id: 'e1', data: { x: 1 } });
    expect(event.body.body).toBe('{"zulu":"a.b","alpha":"e1","x":1}');
  });

  test('the same again is the same version; what changes anything, the order of members too, is the next', async () => {
    const { key } = await api.newProject();
    const name = newName();
    const versions: number[] = [];
    const body = { a: '$type', b: '$data' };
    for (const changes of [
      { body },
      { body },
      { body: { b: '$data', a: '$type' } },
      { title: 'Other', body },
      { body },
    ])
      versions.push((await put(key, name, changes)).body.version);
    expect(versions).toEqual([1, 1, 2, 3, 4]);
    const second = await call('GET', `/v1/profiles/${name}?version=2`, key);
    expect(second.text).toContain('"body":{"b":"$data","a":"$type"}');
    expect((await call('GET', `/v1/profiles/${name}`, key)).body.version).toBe(4);
    expect((await call('GET', `/v1/profiles/${name}?version=5`, key)).status).toBe(404);
  });

  test('of profiles that are put at the same time none is lost', async () => {
    const { key } = await api.newProject();
    const name = newName();
    const titles = Array.from({ length: 12 }, (_, n) => `Title ${n}`);
    const put12 = await Promise.all(titles.map((title) => put(key, name, { title })));
    const byVersion = put12.map(({ body }) => body).sort((a, b) => a.version - b.version);
    expect(byVersion.map(({ version }) => version)).toEqual(titles.map((_, n) => n + 1));
    for (const { version, profile } of byVersion) {
      const { body } = await call('GET', `/v1/profiles/${name}?version=${version}`, key);
      expect(body.profile.title).toBe(profile.title);
    }
    expect(new Set(byVersion.map(({ profile }) => profile.title))).toEqual(new Set(titles));
  });

  test('an event keeps the version that it was accepted under', async () => {
    const { key, id } = await api.newProject();
    const name = newName();
    await put(key, name);
    await call('PATCH', '/v1/project', key, { profile: name });
    await call('POST', '/v1/events', key, { type: 'a', id: 'before', data: 1 });
    await put(key, name, { title: 'Newer' });
    await call('POST', '/v1/events', key, { type: 'a', id: 'after', data: 1 });
    const { rows } = await api.database.pool.query(
      'SELECT id, profile, profile_version FROM events WHERE project_id = $1 ORDER BY id DESC',
      [id],
    );
    expect(rows).toEqual([
      { id: 'before', profile: name, profile_version: 1 },
      { id: 'after', profile: name, profile_version: 2 },
    ]);
  });

  test('what is wrong with a profile is said with a pointer to each place', async () => {
    const { key } = await api.newProject();
    const name = newName();
    const wrong = { headers: { 'x-a': 'a\r\nb' }, timeout: '2m', surprise: 1, body: { a: '$nobody' } };
    expect(await refusal('PUT', `/v1/profiles/${name}`, key, wire(name, wrong))).toEqual({
      status: 422,
      code: 'invalid_body',
      pointers: expect.arrayContaining(['/headers/x-a', '/headers', '/timeout', '/surprise', '/body/a']),
    });
    expect(await refusal('PUT', `/v1/profiles/${name}`, key, wire('other'))).toEqual({
      status: 422,
      code: 'invalid_body',
      pointers: ['/name'],
    });
    expect((await call('GET', `/v1/profiles/${name}`, key)).status).toBe(404);
  });

  test('a profile of more than 64 KiB is refused', async () => {
    const { key } = await api.newProject();
    const name = newName();
    const answer = await put(key, name, { body: { a: 'x'.repeat(64 * 1024), data: '$data' } });
    expect(answer).toMatchObject({ status: 413, body: { code: 'payload_too_large' } });
  });

  test('a project has at most 50 profiles, and a profile at most 1,000 versions', async () => {
    const { key, id } = await api.newProject();
    const full = newName();
    await api.database.pool.query(
      `INSERT INTO profiles (scope, name, version, title, event_types, source)
       SELECT $1, 'many-' || n, 1, 't', '{}'::text[], '{}' FROM generate_series(1, 49) AS n
       UNION ALL SELECT $1, $2, n, 't', '{}'::text[], '{}' FROM generate_series(1, 999) AS n`,
      [id, full],
    );
    expect((await put(key, full)).body.version).toBe(1_000);
    expect((await put(key, full)).body.version).toBe(1_000);
    for (const [name, title] of [
      [full, 'One more'],
      [newName(), 'Wire'],
    ] as const) {
      const answer = await put(key, name, { title });
      expect(answer).toMatchObject({ status: 422, body: { code: 'too_many_profiles' } });
    }
  });
});

describe('names and scopes', () => {
  test('the name of a profile that ships is taken already', async () => {
    const { key } = await api.newProject();
    for (const name of createBuiltInProfiles().names()) {
      for (const by of [key, ADMIN_KEY])
        expect(await put(by, name)).toMatchObject({ status: 409, body: { code: 'profile_name_taken' } });
    }
  });

  test('the admin shares a profile with all projects, and none of them can take its name', async () => {
    const { key } = await api.newProject();
    const name = newName();
    expect(await put(ADMIN_KEY, name)).toMatchObject({ status: 200, body: { source: 'shared', version: 1 } });
    expect((await call('GET', `/v1/profiles/${name}`, key)).body).toMatchObject({
      source: 'shared',
      version: 1,
    });
    expect(await put(key, name)).toMatchObject({ status: 409, body: { code: 'profile_name_taken' } });

    const made = await call<Json>('POST', '/v1/projects', ADMIN_KEY, { name: 'x', profile: name });
    expect(made).toMatchObject({ status: 201, body: { profile: name } });
    await put(ADMIN_KEY, name, { body: { shared: '$data' } });
    const event = await call<Json>('POST', '/v1/events', made.body.key as string, { type: 'a', data: 1 });
    expect(event.body.body).toBe('{"shared":1}');
  });

  test('a project keeps a name that is shared after it took it, and goes on with its versions', async () => {
    const [mine, other] = [await api.newProject(), await api.newProject()];
    const name = newName();
    await put(mine.key, name, { title: 'Mine' });
    await put(ADMIN_KEY, name, { title: 'Shared' });
    await put(ADMIN_KEY, name, { title: 'Shared again' });
    const read = async (key: string) => (await call('GET', `/v1/profiles/${name}`, key)).body;
    expect(await read(mine.key)).toMatchObject({ source: 'own', version: 1, profile: { title: 'Mine' } });
    const second = (key: string) => call('GET', `/v1/profiles/${name}?version=2`, key);
    expect([(await second(mine.key)).status, (await second(other.key)).status]).toEqual([404, 200]);
    const shown = { type: 'a', data: 1 };
    expect(await call('POST', `/v1/profiles/${name}/preview?version=2`, mine.key, shown)).toMatchObject({
      status: 404,
    });
    expect(await read(other.key)).toMatchObject({ source: 'shared', version: 2 });
    expect((await put(mine.key, name, { title: 'Mine again' })).body).toMatchObject({
      source: 'own',
      version: 2,
    });
    for (const { key } of [mine, other]) await call('PATCH', '/v1/project', key, { profile: name });
    const previewed = async (key: string) =>
      (await call<Json>('POST', `/v1/profiles/${name}/preview`, key, { type: 'a', data: 1 })).body.version;
    expect([await previewed(mine.key), await previewed(other.key)]).toEqual([2, 2]);
  });

  test('a profile of one project is not there for another, nor for the admin without a project', async () => {
    const [mine, other] = [await api.newProject(), await api.newProject()];
    const name = newName();
    await put(mine.key, name);
    for (const key of [other.key, ADMIN_KEY]) {
      expect((await call('GET', `/v1/profiles/${name}`, key)).status).toBe(404);
      const preview = await call('POST', `/v1/profiles/${name}/preview`, key, { type: 'a', data: 1 });
      expect(preview.status).toBe(404);
      expect((await call('GET', '/v1/profiles?limit=200', key)).text).not.toContain(`"${name}"`);
    }
    expect(await refusal('PATCH', '/v1/project', other.key, { profile: name })).toEqual({
      status: 422,
      code: 'invalid_body',
      pointers: ['/profile'],
    });
    const headers = { 'posthorn-project': mine.id };
    const asAdmin = await api.call('GET', `/v1/profiles/${name}`, { key: ADMIN_KEY, headers });
    expect(asAdmin.body).toMatchObject({ source: 'own' });
  });

  test('the list has what ships, what is shared and what is own, by name and page by page', async () => {
    const { key } = await api.newProject();
    const [own, shared] = [newName(), newName()];
    const eventTypes = [{ name: 'a.b', description: '', example: 1 }];
    await put(key, own, { eventTypes });
    await put(ADMIN_KEY, shared);
    const items: Json[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const after: string = cursor && `&cursor=${cursor}`;
      const page = await call<{ items: Json[]; nextCursor: string | null }>(
        'GET',
        `/v1/profiles?limit=3${after}`,
        key,
      );
      items.push(...page.body.items);
      cursor = page.body.nextCursor;
    }
    const listed = items.map(({ name }) => name as string);
    expect(listed).toEqual([...listed].sort());
    expect(listed).toEqual(expect.arrayContaining([own, shared, ...createBuiltInProfiles().names()]));
    expect(items.find(({ name }) => name === own)).toEqual({
      name: own,
      version: 1,
      source: 'own',
      title: 'Wire',
      eventTypes: ['a.b'],
    });
    expect(items.find(({ name }) => name === shared)).toMatchObject({ source: 'shared' });
    expect(items.find(({ name }) => name === 'cmdcal')).toMatchObject({
      source: 'shipped',
      eventTypes: ['render.completed', 'render.failed', 'approval.changed'],
    });
  });

  test('a consumer key has no business with profiles', async () => {
    const { key } = await api.newProject();
    const { body } = await call<{ key: string }>('POST', '/v1/keys', key, { consumer: 'acme' });
    expect((await call('GET', '/v1/profiles', body.key)).status).toBe(403);
    expect((await put(body.key, newName())).status).toBe(403);
  });
});

describe('secrets of endpoints', () => {
  const url = 'http://127.0.0.1:9/hook';
  const text = { ...standardWebhooks.secret, key: 'utf8', prefix: '', min: 40, max: 512 };
  const refused = (count: string) => ({
    status: 422,
    body: { code: 'secrets_refused', detail: expect.stringContaining(count) },
  });

  test('a project does not change to a profile that refuses the secrets of its endpoints', async () => {
    const { key } = await api.newProject();
    const name = newName();
    await put(key, name, { secret: { ...text, min: 60, generated: { bytes: 64, encoding: 'hex' } } });
    for (let n = 0; n < 3; n++) await call('POST', '/v1/endpoints', key, { url });
    expect(await call('PATCH', '/v1/project', key, { profile: name })).toMatchObject(refused('3 of 3'));
    expect((await call<Json>('GET', '/v1/project', key)).body.profile).toBe('standard-webhooks');
    expect((await call('PATCH', '/v1/project', key, { profile: 'cmdcal' })).status).toBe(200);
  });

  test('a profile in use is not put anew so that it refuses the secrets of endpoints, own or shared', async () => {
    for (const shared of [false, true]) {
      const name = newName();
      const { key } = await api.newProject();
      const by = shared ? ADMIN_KEY : key;
      await put(by, name);
      await call('PATCH', '/v1/project', key, { profile: name });
      await call('POST', '/v1/endpoints', key, { url });
      const wider = { ...text, min: 1 };
      expect((await put(by, name, { secret: wider })).status).toBe(200);
      await call('POST', '/v1/endpoints', key, { url, secret: 'short' });
      expect(await put(by, name)).toMatchObject(refused('1 of 2'));
      const { key: elsewhere } = await api.newProject();
      expect((await put(elsewhere, newName())).status).toBe(200);
    }
  });
});

describe('endpoints without a consumer', () => {
  const url = 'http://127.0.0.1:9/hook';
  const body = { type: '$type', account: '$consumer', data: '$data' };
  const refused = (count: number) => ({
    status: 422,
    body: { code: 'consumer_required', detail: `Endpoints without a consumer: ${count}.` },
  });

  test('keep a project from a profile whose every event names one, until they are gone', async () => {
    const { key } = await api.newProject();
    const name = newName();
    await put(key, name, { body });
    await call('POST', '/v1/endpoints', key, { url, consumer: 'acme' });
    const ids: string[] = [];
    for (let n = 0; n < 2; n++)
      ids.push((await call<{ id: string }>('POST', '/v1/endpoints', key, { url })).body.id);
    expect(await call('PATCH', '/v1/project', key, { profile: name })).toMatchObject(refused(2));
    expect((await call<Json>('GET', '/v1/project', key)).body.profile).toBe('standard-webhooks');
    for (const id of ids) await call('DELETE', `/v1/endpoints/${id}`, key);
    expect((await call('PATCH', '/v1/project', key, { profile: name })).status).toBe(200);
  });

  test('keep a profile in use from naming it, own or shared, and other profiles not', async () => {
    for (const shared of [false, true]) {
      const name = newName();
      const { key } = await api.newProject();
      const by = shared ? ADMIN_KEY : key;
      await put(by, name);
      await call('PATCH', '/v1/project', key, { profile: name });
      await call('POST', '/v1/endpoints', key, { url });
      expect(await put(by, name, { body })).toMatchObject(refused(1));
      expect((await put(by, newName(), { body })).status).toBe(200);
    }
  });
});

describe('plans', () => {
  test('the plans that a new version says are in force where a project says none', async () => {
    const [follows, own] = [await api.newProject(), await api.newProject()];
    const name = newName();
    await put(ADMIN_KEY, name, { plans: ['pro'] });
    for (const { key } of [follows, own]) await call('PATCH', '/v1/project', key, { profile: name });
    await call('PATCH', '/v1/project', own.key, { plans: ['gold'] });
    await put(ADMIN_KEY, name, { plans: ['pro', 'business'] });
    const inForce = async (id: string) =>
      (await api.database.pool.query('SELECT plans_in_force FROM projects WHERE id = $1', [id])).rows[0]
        .plans_in_force;
    expect(await inForce(follows.id)).toEqual(['pro', 'business']);
    expect(await inForce(own.id)).toEqual(['gold']);
    await call('PATCH', '/v1/project', own.key, { plans: null });
    expect(await inForce(own.id)).toEqual(['pro', 'business']);

    // As when a project takes the profile while its plans change: the sweep puts it right.
    await api.database.pool.query(`UPDATE projects SET plans_in_force = '{pro}' WHERE id = $1`, [own.id]);
    await applyProfilePlans(api.database.pool, new Map([['cmdcal', ['pro']]]));
    expect(await inForce(own.id)).toEqual(['pro', 'business']);
  });
});

describe('preview', () => {
  const preview = (key: string, name: string, event: unknown) =>
    call<Json & { headers: Record<string, string> }>('POST', `/v1/profiles/${name}/preview`, key, event);

  test('it shows the example of the type, with its attributes', async () => {
    const { key } = await api.newProject();
    const { status, body } = await preview(key, 'pausepoint', { type: 'pause.responded', id: 'e1' });
    expect(status).toBe(200);
    expect(body).toMatchObject({ profile: 'pausepoint', version: 1, id: 'e1', consumer: 'example' });
    expect(JSON.parse(body.body as string)).toMatchObject({
      event: 'pause.responded',
      developer_id: 'example',
    });
    expect(Object.keys(body.headers)).toEqual([
      'content-type',
      'X-PausePoint-Signature',
      'X-PausePoint-Event',
    ]);
  });

  test('the example that a project gives a type goes before the one of its profile', async () => {
    const { key } = await api.newProject();
    await call('PATCH', '/v1/project', key, { profile: 'smartlyq' });
    const example = { balance: 1, threshold: 2 };
    await call('PUT', '/v1/event-types/wallet.low', key, { description: 'Low', example });
    const data = async (name: string) =>
      JSON.parse((await preview(key, name, { type: 'wallet.low' })).body.body as string).data;
    expect(await data('smartlyq')).toEqual(example);
    expect((await preview(key, 'cmdcal', { type: 'wallet.low' })).status).toBe(422);
  });

  test('data reaches it byte for byte', async () => {
    const { key } = await api.newProject();
    const data = ' {"b" : 1.0, "a":12345678901234567890, "a":"\\u00e9\\/" }'.trim();
    const event = `{"type":"a.b","createdAt":"2026-03-26T14:30:00.5Z","data": ${data} }`;
    const { body } = await preview(key, 'standard-webhooks', event);
    expect(body.body).toBe(`{"type":"a.b","timestamp":"2026-03-26T14:30:00.500Z","data":${data}}`);
  });

  test('a test event is marked where the profile has a place for it', async () => {
    const { key } = await api.newProject();
    const name = newName();
    await put(key, name, { body: { test: '$test', data: '$data' } });
    expect((await preview(key, name, { type: 'a', data: 1, test: true })).body.body).toBe(
      '{"test":true,"data":1}',
    );
    expect((await preview(key, name, { type: 'a', data: 1 })).body.body).toBe('{"test":false,"data":1}');
  });

  test('an older version can be shown', async () => {
    const { key } = await api.newProject();
    const name = newName();
    await put(key, name, { body: { first: '$data' } });
    await put(key, name, { body: { second: '$data' } });
    const { body } = await call<Json>('POST', `/v1/profiles/${name}/preview?version=1`, key, {
      type: 'a',
      data: 1,
    });
    expect(body).toMatchObject({ version: 1, body: '{"first":1}' });
  });

  test('a type with neither data nor an example is refused', async () => {
    const { key } = await api.newProject();
    expect(await refusal('POST', '/v1/profiles/cmdcal/preview', key, { type: 'no.such' })).toEqual({
      status: 422,
      code: 'invalid_body',
      pointers: ['/data'],
    });
  });

  test('what cannot be composed is refused as at ingest', async () => {
    const { key } = await api.newProject();
    await call('PATCH', '/v1/project', key, { profile: 'pausepoint' });
    const event = { type: 'pause.responded', data: { choice: 'Approve' } };
    const atIngest = await refusal('POST', '/v1/events', key, event);
    expect(atIngest).toEqual({
      status: 422,
      code: 'data_not_representable',
      pointers: ['/consumer', '/attributes/pause_id'],
    });
    expect(await refusal('POST', '/v1/profiles/pausepoint/preview', key, event)).toEqual(atIngest);
  });
});

test('while the store of profiles is away, calls are answered 503 and not 500', async () => {
  const away = await startTestApi({
    profiles: createProfileLookup(createBuiltInProfiles(), {
      find: () => Promise.reject(new StoreUnavailable(new Error('away'))),
    }),
  });
  try {
    const { key } = await away.newProject();
    const name = newName();
    await away.call('PUT', `/v1/profiles/${name}`, { key, body: wire(name) });
    await away.database.pool.query('UPDATE projects SET profile = $1', [name]);
    const answered = await away.call('GET', '/v1/endpoints', { key });
    expect(answered).toMatchObject({ status: 503, body: { code: 'unavailable' } });
  } finally {
    await away.close();
  }
});
