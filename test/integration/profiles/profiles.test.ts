import { createProfileLookup } from '../../../src/profiles/profile-lookup.ts';
import { createShippedProfiles } from '../../../src/profiles/shipped/registry.ts';
import { StoreUnavailable } from '../../../src/store/postgres/database.ts';
import { startTestApi } from '../../set-up/test-api.ts';
import { api, call, type Json, newName, put, refusal, wire } from './profiles-set-up.ts';

describe('creating profiles', () => {
  test('a profile is stored, returned byte for byte, and used', async () => {
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

  test('an equal profile keeps its version; any change, even of member order, makes a new one', async () => {
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

  test('concurrent puts lose no profile', async () => {
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

  test('an event keeps the version under which it was accepted', async () => {
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

  test('every problem of a profile is reported with a pointer', async () => {
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
    const response = await put(key, name, { body: { a: 'x'.repeat(64 * 1024), data: '$data' } });
    expect(response).toMatchObject({ status: 413, body: { code: 'payload_too_large' } });
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
      const response = await put(key, name, { title });
      expect(response).toMatchObject({ status: 422, body: { code: 'too_many_profiles' } });
    }
  });
});

test('while the profiles cannot be read, calls return 503, not 500', async () => {
  const away = await startTestApi({
    profiles: createProfileLookup(createShippedProfiles(), {
      find: () => Promise.reject(new StoreUnavailable(new Error('away'))),
    }),
  });
  try {
    const { key } = await away.newProject();
    const name = newName();
    await away.call('PUT', `/v1/profiles/${name}`, { key, body: wire(name) });
    await away.database.pool.query('UPDATE projects SET profile = $1', [name]);
    const response = await away.call('GET', '/v1/endpoints', { key });
    expect(response).toMatchObject({ status: 503, body: { code: 'unavailable' } });
  } finally {
    await away.close();
  }
});
