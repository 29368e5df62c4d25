import { createShippedProfiles } from '../../../src/profiles/shipped/registry.ts';
import { ADMIN_KEY } from '../../set-up/test-api.ts';
import { api, call, type Json, newName, put, refusal } from './profiles-set-up.ts';

describe('names and scopes', () => {
  test('the name of a shipped profile cannot be used', async () => {
    const { key } = await api.newProject();
    for (const name of createShippedProfiles().names()) {
      for (const by of [key, ADMIN_KEY])
        expect(await put(by, name)).toMatchObject({ status: 409, body: { code: 'profile_name_taken' } });
    }
  });

  test('the admin key shares a profile with all projects, and none of them can use its name', async () => {
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

  test('a project keeps its profile if a profile of the same name is shared later', async () => {
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

  test('a profile is invisible to other projects and to the admin key without a project', async () => {
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

  test('the list contains shipped, shared and own profiles, paged by name', async () => {
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
    expect(listed).toEqual(expect.arrayContaining([own, shared, ...createShippedProfiles().names()]));
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

  test('a consumer key cannot use the routes of profiles', async () => {
    const { key } = await api.newProject();
    const { body } = await call<{ key: string }>('POST', '/v1/keys', key, { consumer: 'acme' });
    expect((await call('GET', '/v1/profiles', body.key)).status).toBe(403);
    expect((await put(body.key, newName())).status).toBe(403);
  });
});
