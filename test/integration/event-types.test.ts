import { ADMIN_KEY, startTestApi, type TestApi } from '../set-up/test-api.ts';

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
