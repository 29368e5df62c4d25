import { api, call, newProject, order, put, refusal } from './event-types-set-up.ts';

describe('validation of data', () => {
  const post = (key: string, event: object) =>
    call('POST', '/v1/events', key, { type: 'order.made', ...event });

  async function withOrders(): Promise<string> {
    const key = await newProject();
    await put(key, 'order.made', { schema: order });
    return key;
  }

  test('invalid data is refused with pointers below /data, and nothing is stored', async () => {
    const key = await withOrders();
    const response = await post(key, { data: { id: 'canary-canary', lines: [1, 'canary'] }, id: 'one' });
    expect(refusal(response)).toEqual({
      status: 422,
      code: 'data_not_valid',
      pointers: ['/data/id', '/data/lines/1'],
    });
    expect(response.text).not.toContain('canary');
    expect((await call('GET', '/v1/events/one', key)).status).toBe(404);
    expect((await post(key, { data: { id: 'o_1', lines: [1] }, id: 'one' })).status).toBe(202);
  });

  test('in a batch the pointers name the event, and no event is stored', async () => {
    const key = await withOrders();
    const events = [{ id: 'o_1' }, { id: 1 }, {}, { id: 'o_4' }].map((data) => ({
      type: 'order.made',
      data,
    }));
    expect(refusal(await call('POST', '/v1/events/batch', key, { events }))).toEqual({
      status: 422,
      code: 'data_not_valid',
      pointers: ['/events/1/data/id', '/events/2/data/id'],
    });
    expect((await call('GET', '/v1/events', key)).body.items).toEqual([]);
  });

  test('a type that is not in the catalogue is accepted with any data', async () => {
    const key = await withOrders();
    expect((await post(key, { type: 'order.other', data: 'anything' })).status).toBe(202);
  });

  test("a profile's schema is enforced until the project turns it off for the type or for all types", async () => {
    const key = await newProject('smartlyq');
    const event = { type: 'job.completed', data: { job_id: 'job_1' } };
    expect(refusal(await post(key, event)).pointers).toEqual(['/data/type', '/data/status', '/data/result']);
    await put(key, 'job.completed', { schema: null });
    expect((await post(key, event)).status).toBe(202);
    await put(key, 'job.completed', {});
    expect((await post(key, event)).status).toBe(422);
    expect((await call('PATCH', '/v1/project', key, { schemas: 'off' })).body.schemas).toBe('off');
    expect((await post(key, event)).status).toBe(202);
    await call('PATCH', '/v1/project', key, { name: 'other' });
    expect((await post(key, event)).status).toBe(202);
    await call('PATCH', '/v1/project', key, { schemas: 'enforced' });
    expect((await post(key, event)).status).toBe(422);
  });

  test('an event accepted before its type had a schema can be posted again', async () => {
    const key = await newProject();
    const event = { id: 'lost-response', data: { old: true } };
    expect((await post(key, event)).status).toBe(202);
    await put(key, 'order.made', { schema: order });
    expect((await post(key, event)).status).toBe(202);
    expect(
      (await call('POST', '/v1/events/batch', key, { events: [{ type: 'order.made', ...event }] })).status,
    ).toBe(202);
    expect(refusal(await post(key, { ...event, data: { older: true } })).code).toBe('data_not_valid');
    expect((await call('GET', '/v1/events', key)).body.items).toHaveLength(1);
  });

  test('a change made through another process applies within 1 second', async () => {
    const key = await withOrders();
    expect((await post(key, { data: {} })).status).toBe(422);
    const { id } = (await call('GET', '/v1/project', key)).body;
    await api.database.pool.query(
      `WITH changed AS (UPDATE event_types SET schema = 'null' WHERE project_id = $1)
       UPDATE projects SET catalogue_version = catalogue_version + 1 WHERE id = $1`,
      [id],
    );
    const changedAt = performance.now();
    for (;;) {
      const askedAt = performance.now();
      if ((await post(key, { data: {} })).status === 202) break;
      expect(askedAt - changedAt).toBeLessThan(1_000);
    }
  });
});

describe('data that Canvelete cannot represent', () => {
  const refused =
    '{"big":12345678901234567890,"fine":1.0,"list":[0.1,1e400,{"a":0.1000000000000000055}],"two":1,"two":2}';
  const pointers = ['/data/big', '/data/list/1', '/data/list/2/a', '/data/two'];

  test('numbers that would change and repeated members are refused with their pointers', async () => {
    const key = await newProject('canvelete');
    const response = await call('POST', '/v1/events', key, `{"type":"design.updated","data":${refused}}`);
    expect(refusal(response)).toEqual({ status: 422, code: 'data_not_representable', pointers });
    expect(response.text).not.toMatch(/1234567890|1e400/);
  });

  test('a batch with such data is refused as a whole', async () => {
    const key = await newProject('canvelete');
    const events = `{"events":[{"type":"design.updated","data":{"fine":1.0}},{"type":"design.updated","data":${refused}}]}`;
    expect(refusal(await call('POST', '/v1/events/batch', key, events))).toEqual({
      status: 422,
      code: 'data_not_representable',
      pointers: pointers.map((pointer) => `/events/1${pointer}`),
    });
    expect((await call('GET', '/v1/events', key)).body.items).toEqual([]);
  });
});

describe('subscriptions', () => {
  const url = 'http://127.0.0.1:9/';

  test('creating or updating an endpoint with a pattern that matches no type is refused', async () => {
    const key = await newProject('canvelete');
    const wrong = {
      url,
      events: ['design.*', 'designs.*', 'render.completed', 'render', '*', 'render.complete.*'],
    };
    const expected = { status: 422, code: 'invalid_body', pointers: ['/events/1', '/events/3', '/events/5'] };
    expect(refusal(await call('POST', '/v1/endpoints', key, wrong))).toEqual(expected);
    const made = await call('POST', '/v1/endpoints', key, { url, events: ['design.*', '*'] });
    expect(made.status).toBe(201);
    const path = `/v1/endpoints/${made.body.id}`;
    expect(refusal(await call('PATCH', path, key, { events: wrong.events }))).toEqual(expected);
    expect((await call('PATCH', path, key, { description: 'd' })).status).toBe(200);
    await put(key, 'designs.merged', {});
    expect((await call('PATCH', path, key, { events: ['designs.*'] })).status).toBe(200);
  });

  test('without a catalogue every pattern is allowed', async () => {
    const key = await newProject();
    expect((await call('POST', '/v1/endpoints', key, { url, events: ['any.*', 'thing'] })).status).toBe(201);
  });
});
