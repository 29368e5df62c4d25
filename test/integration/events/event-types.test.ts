import { monitorEventLoopDelay } from 'node:perf_hooks';
import { ADMIN_KEY, startTestApi, type TestApi } from '../../set-up/test-api.ts';

type Json = Record<string, unknown>;
type Body = Json & {
  items: Json[];
  nextCursor: string | null;
  errors: { pointer: string; detail: string }[];
};

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi({ config: { maxBodyBytes: 1024 * 1024 } });
});
afterAll(() => api.close());

async function call(method: string, path: string, key: string, body?: unknown) {
  const { status, body: answer, text } = await api.call(method, path, { key, body });
  return { status, text, body: answer as Body };
}

async function newProject(profile = 'standard-webhooks'): Promise<string> {
  const { key } = (await call('POST', '/v1/projects', ADMIN_KEY, { name: 'test', profile })).body;
  return key as string;
}

const put = (key: string, type: string, settings: object) =>
  call('PUT', `/v1/event-types/${type}`, key, { description: 'One of ours', ...settings });

const refusal = (answer: { status: number; body: Body }) => ({
  status: answer.status,
  code: answer.body.code,
  pointers: answer.body.errors?.map(({ pointer }) => pointer),
});

const order = {
  type: 'object',
  required: ['id'],
  properties: { id: { type: 'string', maxLength: 5 }, lines: { type: 'array', items: { type: 'integer' } } },
};

describe('the catalogue', () => {
  test('a project has the event types of its profile, with descriptions, schemas and examples', async () => {
    const { body } = await call('GET', '/v1/event-types', await newProject('canvelete'));
    expect(body.items).toHaveLength(7);
    expect(body.items.map(({ type }) => type)).toEqual(body.items.map(({ type }) => type as string).sort());
    expect(body.items.find(({ type }) => type === 'design.created')).toMatchObject({
      description: 'New design created',
      source: 'profile',
      schema: { required: ['designId', 'name', 'width', 'height', 'createdBy'] },
      example: { designId: 'design_new123', width: 1920 },
      exampleAttributes: {},
    });
    expect((await call('GET', '/v1/event-types', await newProject())).body.items).toEqual([]);
  });

  test('a project adds a type of its own, and changes it', async () => {
    const key = await newProject('smartlyq');
    const first = await put(key, 'order.made', { schema: order, example: { id: 'o_1' } });
    expect(first).toMatchObject({
      status: 200,
      body: { type: 'order.made', source: 'project', schema: order, example: { id: 'o_1' } },
    });
    await put(key, 'order.made', { description: 'Ordered' });
    const { items } = (await call('GET', '/v1/event-types', key)).body;
    expect(items).toHaveLength(7);
    expect(items.find(({ type }) => type === 'order.made')).toEqual({
      type: 'order.made',
      description: 'Ordered',
      source: 'project',
      schema: null,
      example: null,
      exampleAttributes: {},
    });
  });

  test("what a project leaves out of a type of the profile is the profile's", async () => {
    const key = await newProject('pausepoint');
    const { body } = await put(key, 'pause.timed_out', {});
    expect(body).toMatchObject({
      description: 'One of ours',
      source: 'project',
      schema: { required: ['choice', 'response_at', 'metadata'] },
      example: { choice: 'Reject' },
      exampleAttributes: { pause_id: 'psr_uuid' },
    });
    expect((await put(key, 'pause.timed_out', { schema: null })).body.schema).toBeNull();
  });

  test('schemas and examples are shown as they were written', async () => {
    const key = await newProject();
    const written =
      '{"description":"d","schema":{"b": 1.0,"a":"\\u0000"},"example":[12345678901234567890, 1.0]}';
    const { text } = await api.call('PUT', '/v1/event-types/a', { key, body: written });
    for (const shown of [text, (await call('GET', '/v1/event-types', key)).text]) {
      expect(shown).toContain('"schema":{"b": 1.0,"a":"\\u0000"},"example":[12345678901234567890, 1.0]');
    }
  });

  test('the list goes on from page to page, by type', async () => {
    const key = await newProject('canvelete');
    const types: unknown[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const from: string = cursor && `&cursor=${cursor}`;
      const { body } = await call('GET', `/v1/event-types?limit=3${from}`, key);
      types.push(...body.items.map(({ type }) => type));
      cursor = body.nextCursor;
    }
    expect(types).toEqual((await call('GET', '/v1/event-types', key)).body.items.map(({ type }) => type));
    expect(refusal(await call('GET', '/v1/event-types?cursor=x', key))).toMatchObject({
      code: 'invalid_cursor',
    });
  });

  test('a consumer key reads the catalogue and cannot change it', async () => {
    const key = await newProject('cmdcal');
    const consumerKey = (await call('POST', '/v1/keys', key, { consumer: 'acme' })).body.key as string;
    expect((await call('GET', '/v1/event-types', consumerKey)).body.items).toHaveLength(3);
    expect((await put(consumerKey, 'a', {})).status).toBe(403);
  });
});

describe('types that go, and types that are new', () => {
  test("what a project says of a type is deleted: its own is gone, the profile's is as the profile has it", async () => {
    const key = await newProject('canvelete');
    await put(key, 'order.made', { schema: order });
    await put(key, 'design.created', {});

    for (const type of ['order.made', 'design.created'])
      expect((await call('DELETE', `/v1/event-types/${type}`, key)).status).toBe(204);

    const { items } = (await call('GET', '/v1/event-types', key)).body;
    expect(items).toHaveLength(7);
    expect(items.find(({ type }) => type === 'design.created')).toMatchObject({ source: 'profile' });
    expect((await call('DELETE', '/v1/event-types/order.made', key)).status).toBe(404);
    const event = { type: 'order.made', data: { id: 'longer than the schema allowed' } };
    expect((await call('POST', '/v1/events', key, event)).status).toBe(202);
  });

  test('the first type of a catalogue warns of subscriptions outside it, and changes none', async () => {
    const key = await newProject();
    const made = { url: 'https://receiver.example/', events: ['order.*', 'invoice.paid', '*'] };
    const { id } = (await call('POST', '/v1/endpoints', key, made)).body;
    await call('POST', '/v1/endpoints', key, { ...made, events: ['invoice.paid'] });

    const { body } = await put(key, 'order.made', {});

    expect(body.warnings).toEqual([expect.stringMatching(/^2 endpoints subscribe to "invoice.paid"/)]);
    expect((await call('GET', `/v1/endpoints/${id}`, key)).body.events).toEqual(made.events);
    expect((await put(key, 'invoice.paid', {})).body.warnings).toEqual([]);
    // Without a catalogue every type is as good again.
    for (const type of ['order.made', 'invoice.paid']) await call('DELETE', `/v1/event-types/${type}`, key);
    expect((await call('POST', '/v1/endpoints', key, { ...made, events: ['any.type'] })).status).toBe(201);
  });

  test('so does a profile with a catalogue, and another version of it', async () => {
    const key = await newProject();
    await call('POST', '/v1/endpoints', key, { url: 'https://receiver.example/', events: ['order.made'] });

    const changed = await call('PATCH', '/v1/project', key, { profile: 'canvelete' });
    expect(changed.body.warnings).toEqual([expect.stringMatching(/^1 endpoint subscribes to "order.made"/)]);
    expect((await call('PATCH', '/v1/project', key, { name: 'other' })).body.warnings).toEqual([]);

    const { profile } = (await call('GET', '/v1/profiles/standard-webhooks', key)).body;
    const own = { ...(profile as object), name: 'ours' };
    expect((await call('PUT', '/v1/profiles/ours', key, own)).body.warnings).toEqual([]);
    expect((await call('PATCH', '/v1/project', key, { profile: 'ours' })).body.warnings).toEqual([]);
    const eventTypes = [{ name: 'invoice.paid', description: 'Paid', example: {} }];
    const next = await call('PUT', '/v1/profiles/ours', key, { ...own, eventTypes });
    expect(next.body.warnings).toEqual([expect.stringMatching(/^1 endpoint subscribes to "order.made"/)]);
  });

  test('an endpoint keeps a subscription that it had before the catalogue, and gets no other such one', async () => {
    const key = await newProject();
    const url = 'https://receiver.example/';
    const { id } = (await call('POST', '/v1/endpoints', key, { url, events: ['order.made', 'a.b'] })).body;
    await put(key, 'invoice.paid', {});

    const change = (events: string[]) => call('PATCH', `/v1/endpoints/${id}`, key, { url, events });
    expect((await change(['order.made', 'a.b', 'invoice.paid'])).status).toBe(200);
    expect((await change(['order.made'])).status).toBe(200);
    expect(refusal(await change(['order.made', 'a.b'])).pointers).toEqual(['/events/1']);
  });
});

describe('what a catalogue may not hold', () => {
  test.each([
    [{ schema: { type: 'text' } }, ['/schema/type']],
    [
      { schema: { properties: { 'a/b': { $ref: 'https://example.com/a.json' } } } },
      ['/schema/properties/a~1b/$ref'],
    ],
    [{ schema: { pattern: '(?=a)' } }, ['/schema/pattern']],
    [{ schema: 'object' }, ['/schema']],
    [{ schema: { description: 'x'.repeat(33_000) } }, ['/schema']],
    [{ schema: order, example: { id: 'too long' } }, ['/example/id']],
    [{ exampleAttributes: { 'no name': 'x' } }, ['/exampleAttributes/no name']],
    [{ more: 1 }, ['/more']],
  ])('%j is refused', async (settings, expected) => {
    expect(refusal(await put(await newProject(), 'a', settings))).toEqual({
      status: 422,
      code: 'invalid_body',
      pointers: expected,
    });
  });

  test('an example that the profile could not send is refused, and so is a schema that its own example breaks', async () => {
    expect(refusal(await put(await newProject('pdf-gorilla'), 'a', { example: 'text' })).pointers).toEqual([
      '/example',
    ]);
    expect(refusal(await put(await newProject('pausepoint'), 'a', { example: {} })).pointers).toEqual([
      '/exampleAttributes/pause_id',
    ]);
    const schema = { required: ['more'] };
    expect(refusal(await put(await newProject('smartlyq'), 'wallet.low', { schema })).pointers).toEqual([
      '/schema',
    ]);
  });

  test('a type whose name cannot be one is refused with the rule', async () => {
    expect(refusal(await put(await newProject(), 'a%20b', {}))).toEqual({
      status: 422,
      code: 'invalid_id',
      pointers: ['type'],
    });
  });

  test('the schemas of a project may take so long to compile in all', async () => {
    const key = await newProject();
    const { id } = (await call('GET', '/v1/project', key)).body;
    await api.database.pool.query(
      "INSERT INTO event_types (project_id, type, description, schema_size) VALUES ($1, 'others', '', 39995)",
      [id],
    );
    expect((await put(key, 'small', { schema: { type: 'object' } })).status).toBe(200);
    expect(refusal(await put(key, 'large', { schema: order })).code).toBe('catalogue_full');
    expect((await put(key, 'small', {})).status).toBe(200);
  });

  test('a batch that names many large schemas for the first time leaves others their turns', async () => {
    const key = await newProject();
    const other = await newProject();
    const { id } = (await call('GET', '/v1/project', key)).body;
    const schemaOf = (n: number): string => {
      // Others than in any run before, whose checks the process may remember.
      const rules = { type: 'integer', minimum: -n - Math.random(), maximum: 1e9, multipleOf: 1 };
      const names = Array.from({ length: 250 }, (_, i) => `property-${i}`);
      return JSON.stringify({ properties: Object.fromEntries(names.map((name) => [name, rules])) });
    };
    const types = Array.from({ length: 8 }, (_, n) => `large-${n}`);
    await api.database.pool.query(
      `INSERT INTO event_types (project_id, type, description, schema)
       SELECT $1, type, '', schema FROM unnest($2::text[], $3::text[]) AS t (type, schema)`,
      [id, types, types.map((_, n) => schemaOf(n))],
    );
    await put(key, 'small', {}); // of which the process knows, and reads the catalogue anew

    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    const began = performance.now();
    let status = 0;
    const events = types.map((type) => ({ type, data: { 'property-1': 1 } }));
    const posting = call('POST', '/v1/events/batch', key, { events }).then(
      (answer) => (status = answer.status),
    );
    let others = 0;
    while (status === 0) {
      expect((await call('POST', '/v1/events', other, { type: 'a', data: 1 })).status).toBe(202);
      others += 1;
    }
    await posting;
    delay.disable();
    expect(status).toBe(202);
    expect(others).toBeGreaterThan(10);
    expect(delay.max / 1e6).toBeLessThan((performance.now() - began) / 3);
  });

  test('a project has at most 1,000 types of its own, and a mebibyte of them', async () => {
    const key = await newProject();
    const { id } = (await call('GET', '/v1/project', key)).body;
    await api.database.pool.query(
      "INSERT INTO event_types (project_id, type, description) SELECT $1, 'type-' || i, '' FROM generate_series(1, 999) AS i",
      [id],
    );
    expect((await put(key, 'last', {})).status).toBe(200);
    expect(refusal(await put(key, 'more', {}))).toMatchObject({ status: 422, code: 'catalogue_full' });
    expect((await put(key, 'last', { description: 'Changed' })).status).toBe(200);

    const other = await newProject();
    const example = 'x'.repeat(600_000);
    expect((await put(other, 'a', { example })).status).toBe(200);
    expect(refusal(await put(other, 'b', { example })).code).toBe('catalogue_full');
    expect((await put(other, 'a', { example })).status).toBe(200);
  });

  test('types that are put at the same time are counted one after the other', async () => {
    const key = await newProject();
    const { id } = (await call('GET', '/v1/project', key)).body;
    await api.database.pool.query(
      "INSERT INTO event_types (project_id, type, description) SELECT $1, 'type-' || i, '' FROM generate_series(1, 995) AS i",
      [id],
    );
    const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => put(key, `new-${i}`, {})));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(5);
  });
});

describe('data against the schema of its type', () => {
  const post = (key: string, event: object) =>
    call('POST', '/v1/events', key, { type: 'order.made', ...event });

  async function withOrders(): Promise<string> {
    const key = await newProject();
    await put(key, 'order.made', { schema: order });
    return key;
  }

  test('what breaks it is refused with pointers below /data, and nothing is stored', async () => {
    const key = await withOrders();
    const answer = await post(key, { data: { id: 'canary-canary', lines: [1, 'canary'] }, id: 'one' });
    expect(refusal(answer)).toEqual({
      status: 422,
      code: 'data_not_valid',
      pointers: ['/data/id', '/data/lines/1'],
    });
    expect(answer.text).not.toContain('canary');
    expect((await call('GET', '/v1/events/one', key)).status).toBe(404);
    expect((await post(key, { data: { id: 'o_1', lines: [1] }, id: 'one' })).status).toBe(202);
  });

  test('in a batch the pointers name the event, and nothing of it is stored', async () => {
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

  test("a profile's schema is enforced, until the project switches it off for the type or for all", async () => {
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

  test('what was accepted before the schema was there is answered as before when it is posted again', async () => {
    const key = await newProject();
    const event = { id: 'lost-answer', data: { old: true } };
    expect((await post(key, event)).status).toBe(202);
    await put(key, 'order.made', { schema: order });
    expect((await post(key, event)).status).toBe(202);
    expect(
      (await call('POST', '/v1/events/batch', key, { events: [{ type: 'order.made', ...event }] })).status,
    ).toBe(202);
    expect(refusal(await post(key, { ...event, data: { older: true } })).code).toBe('data_not_valid');
    expect((await call('GET', '/v1/events', key)).body.items).toHaveLength(1);
  });

  test('a change through another process holds here within a second', async () => {
    const key = await withOrders();
    expect((await post(key, { data: {} })).status).toBe(422);
    const { id } = (await call('GET', '/v1/project', key)).body;
    await api.database.pool.query(
      `WITH changed AS (UPDATE event_types SET schema = 'null' WHERE project_id = $1)
       UPDATE projects SET catalogue_version = catalogue_version + 1 WHERE id = $1`,
      [id],
    );
    const changedAt = performance.now();
    while ((await post(key, { data: {} })).status !== 202)
      expect(performance.now() - changedAt).toBeLessThan(1_000);
  });
});

describe('what Canvelete cannot send', () => {
  const refused =
    '{"big":12345678901234567890,"fine":1.0,"list":[0.1,1e400,{"a":0.1000000000000000055}],"two":1,"two":2}';
  const pointers = ['/data/big', '/data/list/1', '/data/list/2/a', '/data/two'];

  test('a number that would change its value, and a repeated member, are refused with their places', async () => {
    const key = await newProject('canvelete');
    const answer = await call('POST', '/v1/events', key, `{"type":"design.updated","data":${refused}}`);
    expect(refusal(answer)).toEqual({ status: 422, code: 'data_not_representable', pointers });
    expect(answer.text).not.toMatch(/1234567890|1e400/);
  });

  test('in a batch as well, and nothing of it is stored', async () => {
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

  test('a pattern that the catalogue has no type for is refused, when an endpoint is made and when it is changed', async () => {
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

  test('without a catalogue every pattern is as good', async () => {
    const key = await newProject();
    expect((await call('POST', '/v1/endpoints', key, { url, events: ['any.*', 'thing'] })).status).toBe(201);
  });
});
