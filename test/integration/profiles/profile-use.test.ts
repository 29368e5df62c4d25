import { standardWebhooks } from '../../../src/profiles/shipped/standard-webhooks.ts';
import { applyProfilePlans } from '../../../src/store/projects/projects.ts';
import { ADMIN_KEY } from '../../set-up/test-api.ts';
import { api, call, type Json, newName, put } from './profiles-set-up.ts';

describe('secrets of endpoints', () => {
  const url = 'http://127.0.0.1:9/hook';
  const text = { ...standardWebhooks.secret, key: 'utf8', prefix: '', min: 40, max: 512 };
  const refused = (count: string) => ({
    status: 422,
    body: { code: 'secrets_refused', detail: expect.stringContaining(count) },
  });

  test('a project cannot change to a profile that refuses the secrets of its endpoints', async () => {
    const { key } = await api.newProject();
    const name = newName();
    await put(key, name, { secret: { ...text, min: 60, generated: { bytes: 64, encoding: 'hex' } } });
    for (let n = 0; n < 3; n++) await call('POST', '/v1/endpoints', key, { url });
    expect(await call('PATCH', '/v1/project', key, { profile: name })).toMatchObject(refused('3 of 3'));
    expect((await call<Json>('GET', '/v1/project', key)).body.profile).toBe('standard-webhooks');
    expect((await call('PATCH', '/v1/project', key, { profile: 'cmdcal' })).status).toBe(200);
  });

  test('a new version of a profile in use cannot refuse existing secrets, own or shared', async () => {
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

  test('prevent a change to a profile that requires a consumer, until they are deleted', async () => {
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

  test('prevent a new version of a profile in use, own or shared, from requiring a consumer', async () => {
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
  test('the plans of a new version apply to projects without plans of their own', async () => {
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
