import { api, call, type Json, newName, put, refusal } from './profiles-set-up.ts';

describe('preview', () => {
  const preview = (key: string, name: string, event: unknown) =>
    call<Json & { headers: Record<string, string> }>('POST', `/v1/profiles/${name}/preview`, key, event);

  test('the preview uses the example of the type with its attributes', async () => {
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

  test("the project's example of a type overrides the profile's", async () => {
    const { key } = await api.newProject();
    await call('PATCH', '/v1/project', key, { profile: 'smartlyq' });
    const example = { balance: 1, threshold: 2 };
    await call('PUT', '/v1/event-types/wallet.low', key, { description: 'Low', example });
    const data = async (name: string) =>
      JSON.parse((await preview(key, name, { type: 'wallet.low' })).body.body as string).data;
    expect(await data('smartlyq')).toEqual(example);
    expect((await preview(key, 'cmdcal', { type: 'wallet.low' })).status).toBe(422);
  });

  test('data appears in the preview byte for byte', async () => {
    const { key } = await api.newProject();
    const data = ' {"b" : 1.0, "a":12345678901234567890, "a":"\\u00e9\\/" }'.trim();
    const event = `{"type":"a.b","createdAt":"2026-03-26T14:30:00.5Z","data": ${data} }`;
    const { body } = await preview(key, 'standard-webhooks', event);
    expect(body.body).toBe(`{"type":"a.b","timestamp":"2026-03-26T14:30:00.500Z","data":${data}}`);
  });

  test('a test event is marked if the profile supports it', async () => {
    const { key } = await api.newProject();
    const name = newName();
    await put(key, name, { body: { test: '$test', data: '$data' } });
    expect((await preview(key, name, { type: 'a', data: 1, test: true })).body.body).toBe(
      '{"test":true,"data":1}',
    );
    expect((await preview(key, name, { type: 'a', data: 1 })).body.body).toBe('{"test":false,"data":1}');
  });

  test('an older version can be previewed', async () => {
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

  test('an event that cannot be composed is refused as when it is posted', async () => {
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
