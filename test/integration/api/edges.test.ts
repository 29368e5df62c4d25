import { Ajv2020 } from 'ajv/dist/2020.js';
import { standardWebhooks } from '../../../src/profiles/shipped/standard-webhooks.ts';
import { startTestApi, type TestApi } from '../../set-up/test-api.ts';

let api: TestApi;
let key: string;
beforeAll(async () => {
  api = await startTestApi();
  ({ key } = await api.newProject());
});
afterAll(() => api.close());

type Problem = { code: string; errors: { pointer: string; detail: string }[] };

async function call(method: string, path: string, body?: unknown) {
  const response = await api.call(method, path, { key, body });
  const { code, errors } = (response.body ?? {}) as Problem;
  return { ...response, code, errors };
}

describe('ids that producers choose', () => {
  test.each([
    'jane@example.com',
    '+49:30.1',
    'a',
    '550e8400-e29b-41d4-a716-446655440000',
    '.hidden',
    'x'.repeat(128),
  ])('a consumer can have the id %s', async (id) => {
    const path = `/v1/consumers/${encodeURIComponent(id)}`;
    expect(await call('PUT', path, {})).toMatchObject({ status: 200, body: { id } });
    expect(await call('GET', path)).toMatchObject({ status: 200, body: { id } });
    const posted = await call('POST', '/v1/events', { type: 'a', data: {}, consumer: id });
    expect(posted).toMatchObject({ status: 202, body: { consumer: id } });
    const listed = await call('GET', `/v1/events?consumer=${encodeURIComponent(id)}`);
    expect(listed).toMatchObject({ body: { items: [{ consumer: id }] } });
    expect(await call('DELETE', path)).toMatchObject({ status: 204 });
  });

  test.each(['a b', 'a/b', 'ä', '...', 'x'.repeat(129)])(
    'the consumer id %j is rejected with the rule it breaks',
    async (id) => {
      expect(await call('PUT', `/v1/consumers/${encodeURIComponent(id)}`, {})).toMatchObject({
        status: 422,
        code: 'invalid_id',
        errors: [{ pointer: 'id', detail: expect.stringMatching(/^must (consist of A-Z|have at most 128)/) }],
      });
    },
  );

  test.each(['jane@example:1+1', 'order_1', 'x'.repeat(128)])('an event can have the id %s', async (id) => {
    expect(await call('POST', '/v1/events', { type: 'a', data: {}, id })).toMatchObject({
      status: 202,
      body: { id },
    });
    expect(await call('GET', `/v1/events/${encodeURIComponent(id)}`)).toMatchObject({
      status: 200,
      body: { id },
    });
  });

  // Standard Webhooks signs id, timestamp and body separated by dots.
  test.each(['a.1', 'batch', '', 'a/b', 'x'.repeat(129)])('the event id %j is rejected', async (id) => {
    expect(await call('POST', '/v1/events', { type: 'a', data: {}, id })).toMatchObject({
      status: 422,
      errors: [{ pointer: '/id' }],
    });
  });

  test('consumers and events with such ids are paginated without gaps', async () => {
    const project = await api.newProject();
    const ids = ['a@b.c', 'd:e', 'f+g'];
    for (const id of ids) {
      await api.call('PUT', `/v1/consumers/${encodeURIComponent(id)}`, { key: project.key, body: {} });
      await api.call('POST', '/v1/events', {
        key: project.key,
        body: { type: 'a', data: 1, id: id.replace('.', '') },
      });
    }
    for (const path of ['/v1/consumers', '/v1/events']) {
      const seen: string[] = [];
      let cursor: string | null = '';
      while (cursor !== null) {
        const { body } = await api.call('GET', `${path}?limit=1${cursor && `&cursor=${cursor}`}`, {
          key: project.key,
        });
        const page = body as { items: { id: string }[]; nextCursor: string | null };
        seen.push(...page.items.map(({ id }) => id));
        cursor = page.nextCursor;
      }
      expect(seen).toHaveLength(3);
    }
  });
});

test.each([
  ['GET', '/v1/events/batch', 'POST'],
  ['DELETE', '/v1/events/batch', 'POST'],
  ['DELETE', '/v1/events', 'POST, GET, HEAD'],
  ['POST', '/v1/events/evt_1', 'GET, DELETE, HEAD'],
])('%s %s returns the allowed methods: %s', async (method, path, allow) => {
  const response = await fetch(api.url + path, { method, headers: { authorization: `Bearer ${key}` } });

  expect([response.status, response.headers.get('allow')]).toEqual([405, allow]);
});

test('HEAD of a path whose GET opens a stream is refused, and lists GET alone', async () => {
  const opensStream = (operation: unknown) =>
    JSON.stringify((operation as { responses: object }).responses).includes('text/event-stream');
  const streams = Object.entries(api.document.paths).filter(([, { get }]) => get && opensStream(get));
  const headers = { authorization: `Bearer ${key}` };

  const refused = streams.map(async ([path]) => {
    const response = await fetch(api.url + path.replaceAll(/\{\w+\}/g, 'x'), { method: 'HEAD', headers });
    return [path, response.status, response.headers.get('allow')];
  });
  expect(await Promise.all(refused)).toEqual([
    ['/v1/outcomes', 405, 'GET'],
    ['/v1/listeners/{id}/requests', 405, 'GET'],
  ]);
});

test('an event type without an example is rejected with a pointer to it', async () => {
  const body = { ...standardWebhooks, name: 'x', eventTypes: [{ name: 'a', description: 'An event' }] };

  expect(await call('PUT', '/v1/profiles/x', body)).toMatchObject({
    status: 422,
    errors: [{ pointer: '/eventTypes/0/example', detail: 'is required' }],
  });
});

test.each<[string, unknown, string, string]>([
  ['/v1/events', { data: 1 }, '/type', 'is required'],
  ['/v1/events', { type: 1, data: 1 }, '/type', 'must be a string'],
  ['/v1/events', [], '', 'must be an object'],
  ['/v1/events', { type: 'a', data: 1, attributes: { a: null } }, '/attributes/a', 'must be a string'],
  ['/v1/events', { type: 'a', data: 1, target: { url: '' } }, '/target/url', 'must not be empty'],
  ['/v1/events/batch', { events: [] }, '/events', 'must not be empty'],
  [
    '/v1/endpoints',
    { url: 'https://a.example', events: Array(101).fill('a') },
    '/events',
    'must have at most 100 items',
  ],
  ['/v1/webhooks', { url: 'https://a.example' }, '/events', 'is required'],
])('POST %s with %j returns an error for "%s": %s', async (path, body, pointer, detail) => {
  expect((await call('POST', path, body)).errors).toContainEqual({ pointer, detail });
});

test.each([
  ['limit=0', 'must be at least 1'],
  ['limit=201', 'must be at most 200'],
  ['limit=x', 'must be a number'],
  ['limit=1.5', 'must be an integer'],
  ['status=lost', 'must list some of pending, delivered, undeliverable, cancelled, unrouted'],
  ['since=today', 'must be a date and time such as 2026-03-26T14:30:00Z'],
])('a list with ?%s returns the error: %s', async (query, detail) => {
  expect((await call('GET', `/v1/events?${query}`)).errors).toMatchObject([{ detail }]);
});

describe('the OpenAPI document', () => {
  const ajv = new Ajv2020({ strict: false });
  const patternOf = (text: string): RegExp => new RegExp(text);

  /** Every pattern in the document. */
  function patterns(value: unknown): string[] {
    if (typeof value !== 'object' || value === null) return [];
    return Object.entries(value).flatMap(([name, one]) =>
      name === 'pattern' && typeof one === 'string' ? [one] : patterns(one),
    );
  }

  test('has only patterns that validators without Unicode classes, look-around or flags support', () => {
    const found = [...new Set(patterns(api.document))];

    expect(found.length).toBeGreaterThan(5);
    for (const pattern of found) {
      expect(pattern).not.toMatch(/\\[pPuU]|\(\?[=!<]|\\[1-9]/);
      expect(() => patternOf(pattern)).not.toThrow();
    }
  });

  test('documents the maximum of wait and of a secret overlap', async () => {
    const document = api.document as unknown as {
      paths: Record<string, { post: { parameters: { name: string; schema: object }[] } }>;
      components: { schemas: Record<string, { properties: Record<string, object> }> };
    };
    const wait = document.paths['/v1/events']!.post.parameters.find(({ name }) => name === 'wait')!.schema;
    const overlap = document.components.schemas.SecretRotation!.properties.overlap!;
    const delay = document.components.schemas.PolicyOverride!.properties.timeout!;
    const fits = (schema: object, text: string) => ajv.compile(schema)(text);

    for (const text of ['0s', '10s', '60s', '060s', '1m', '0h'])
      expect([text, fits(wait, text)]).toEqual([text, true]);
    for (const text of ['61s', '2m', '1h', '1d', '600s', '10', ''])
      expect([text, fits(wait, text)]).toEqual([text, false]);
    for (const text of ['0s', '7d', '168h', '604800s', '24h'])
      expect([text, fits(overlap, text)]).toEqual([text, true]);
    for (const text of ['8d', '169h', '604801s', '10081m'])
      expect([text, fits(overlap, text)]).toEqual([text, false]);
    for (const text of ['1s', '60s', '1m', '59s']) expect([text, fits(delay, text)]).toEqual([text, true]);
    for (const text of ['0s', '0m', '61s', '1h']) expect([text, fits(delay, text)]).toEqual([text, false]);
    expect(await call('POST', '/v1/events?wait=61s', { type: 'a', data: 1 })).toMatchObject({
      status: 400,
      errors: [
        { pointer: 'wait', detail: 'must be a duration such as 30s, 5m, 2h or 1d, at most 60 seconds' },
      ],
    });
  });
});
