import { api, call, newProject, order, put, refusal } from './event-types-set-up.ts';

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

  test("omitted members default to the profile's event type", async () => {
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

  test('schemas and examples are returned byte for byte', async () => {
    const key = await newProject();
    const written =
      '{"description":"d","schema":{"b": 1.0,"a":"\\u0000"},"example":[12345678901234567890, 1.0]}';
    const { text } = await api.call('PUT', '/v1/event-types/a', { key, body: written });
    for (const shown of [text, (await call('GET', '/v1/event-types', key)).text]) {
      expect(shown).toContain('"schema":{"b": 1.0,"a":"\\u0000"},"example":[12345678901234567890, 1.0]');
    }
  });

  test('the list is paged by type', async () => {
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

  test('one type is read by its name, byte for byte', async () => {
    const key = await newProject();
    await api.call('PUT', '/v1/event-types/a.b', { key, body: '{"description":"d","example":[1.0]}' });
    const { status, text, body } = await call('GET', '/v1/event-types/a.b', key);
    expect({ status, body }).toMatchObject({ status: 200, body: { type: 'a.b', source: 'project' } });
    expect(text).toContain('"example":[1.0]');
    expect(refusal(await call('GET', '/v1/event-types/a', key))).toMatchObject({ status: 404 });
  });

  test('each type tells how many endpoints subscribe to it, exactly, by a prefix or to all', async () => {
    const key = await newProject();
    for (const type of ['a.b.c', 'a.d', 'e']) await put(key, type, {});
    const subscribe = (consumer: string, events: string[]) =>
      call('POST', '/v1/endpoints', key, { url: 'https://receiver.example/', events, consumer });
    for (const events of [['*'], ['a.*'], ['a.b.*', 'a.b.c', 'a.*'], ['e', 'a.d']])
      expect((await subscribe('acme', events)).status).toBe(201);
    const { id } = (await subscribe('globex', ['a.d'])).body as { id?: string };
    expect((await call('DELETE', `/v1/endpoints/${id}`, key)).status).toBe(204);
    await subscribe('globex', ['e']);
    const counts = async (by: string) =>
      (await call('GET', '/v1/event-types?figures=endpoints', by)).body.items.map((entry) => entry.endpoints);
    expect(await counts(key)).toEqual([3, 4, 3]);
    const ofGlobex = (await call('POST', '/v1/keys', key, { consumer: 'globex' })).body.key as string;
    expect(await counts(ofGlobex)).toEqual([0, 0, 1]);
    expect((await call('GET', '/v1/event-types/e?figures=endpoints', key)).body).toMatchObject({
      endpoints: 3,
    });
    expect((await call('GET', '/v1/event-types/e', key)).body).not.toHaveProperty('endpoints');
  });

  test('a consumer key reads the catalogue and cannot change it', async () => {
    const key = await newProject('cmdcal');
    const consumerKey = (await call('POST', '/v1/keys', key, { consumer: 'acme' })).body.key as string;
    expect((await call('GET', '/v1/event-types', consumerKey)).body.items).toHaveLength(3);
    expect((await put(consumerKey, 'a', {})).status).toBe(403);
  });
});

describe('deleted types and new types', () => {
  test("deleting an event type removes the project's own and restores the profile's", async () => {
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

  test('the first type of a catalogue warns about subscriptions outside it and changes none', async () => {
    const key = await newProject();
    const made = { url: 'https://receiver.example/', events: ['order.*', 'invoice.paid', '*'] };
    const { id } = (await call('POST', '/v1/endpoints', key, made)).body;
    await call('POST', '/v1/endpoints', key, { ...made, events: ['invoice.paid'] });

    const { body } = await put(key, 'order.made', {});

    expect(body.warnings).toEqual([expect.stringMatching(/^2 endpoints subscribe to "invoice.paid"/)]);
    expect((await call('GET', `/v1/endpoints/${id}`, key)).body.events).toEqual(made.events);
    expect((await put(key, 'invoice.paid', {})).body.warnings).toEqual([]);
    // Without a catalogue every type is allowed again.
    for (const type of ['order.made', 'invoice.paid']) await call('DELETE', `/v1/event-types/${type}`, key);
    expect((await call('POST', '/v1/endpoints', key, { ...made, events: ['any.type'] })).status).toBe(201);
  });

  test('a profile with a catalogue, and a new version of it, warn in the same way', async () => {
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

  test('an endpoint keeps a subscription from before the catalogue and cannot add another like it', async () => {
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
