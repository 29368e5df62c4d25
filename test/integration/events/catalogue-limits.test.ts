import { monitorEventLoopDelay } from 'node:perf_hooks';
import { api, call, newProject, order, put, refusal } from './event-types-set-up.ts';

const tooMany = Object.fromEntries(Array.from({ length: 65 }, (_, n) => [`a${n}`, '']));

describe('limits of a catalogue', () => {
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
    [{ exampleAttributes: tooMany }, ['/exampleAttributes']],
    [{ more: 1 }, ['/more']],
  ])('%j is refused', async (settings, expected) => {
    expect(refusal(await put(await newProject(), 'a', settings))).toEqual({
      status: 422,
      code: 'invalid_body',
      pointers: expected,
    });
  });

  test('an example that the profile cannot send, or that violates its own schema, is refused', async () => {
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

  test('an invalid name of a type is refused with the rule that it violates', async () => {
    expect(refusal(await put(await newProject(), 'a%20b', {}))).toEqual({
      status: 422,
      code: 'invalid_id',
      pointers: ['type'],
    });
  });

  test("the total compile time of a project's schemas is limited", async () => {
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

  test('a batch that needs many large schemas compiled does not block other projects', async () => {
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
    await put(key, 'small', {}); // invalidates the cached catalogue of this process

    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    const began = performance.now();
    let status = 0;
    const events = types.map((type) => ({ type, data: { 'property-1': 1 } }));
    const posting = call('POST', '/v1/events/batch', key, { events }).then(
      (response) => (status = response.status),
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

  test('a project can have at most 1,000 event types, and 1 MiB of schemas', async () => {
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

  test('concurrent puts cannot exceed the limit on event types', async () => {
    const key = await newProject();
    const { id } = (await call('GET', '/v1/project', key)).body;
    await api.database.pool.query(
      "INSERT INTO event_types (project_id, type, description) SELECT $1, 'type-' || i, '' FROM generate_series(1, 995) AS i",
      [id],
    );
    const responses = await Promise.all(Array.from({ length: 20 }, (_, i) => put(key, `new-${i}`, {})));
    expect(responses.filter(({ status }) => status === 200)).toHaveLength(5);
  });
});
