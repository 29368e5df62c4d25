import fc from 'fast-check';
import { ADMIN_KEY, startTestApi, type TestApi } from '../set-up/test-api.ts';

let api: TestApi;
let key: string;
let existingIds: string[];
beforeAll(async () => {
  api = await startTestApi({ config: { maxWrongKeysPerMinute: 1_000_000 } });
  ({ key } = await api.newProject());
  existingIds = await createOneOfEach();
});
afterAll(() => api.close());

type Schema = {
  $ref?: string;
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  anyOf?: Schema[];
  allOf?: Schema[];
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: Schema | boolean;
  example?: unknown;
};
type Operation = {
  operationId: string;
  parameters?: { name: string; in: string; schema: Schema }[];
  requestBody?: { content: Record<string, { schema: Schema }> };
};

/** Texts that are special in JSON, Postgres, URLs, headers, times or patterns. */
const text = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    '.',
    '..',
    '*',
    'a.*',
    '0',
    '-1',
    '1e400',
    '30d',
    '99999999999d',
    '0000-01-01T00:00:00Z',
  ),
  fc.constantFrom('2026-02-30T00:00:00Z', '9999-12-31T23:59:59.999999999999Z', '2026-01-01T00:00:00+23:59'),
  fc.constantFrom(
    '\u0000',
    '\ud800',
    'a\r\nb: c',
    '%00',
    '%',
    '\\',
    "'",
    '"',
    '$data',
    '$',
    '__proto__',
    'constructor',
  ),
  fc.constantFrom('http://127.0.0.1/', 'https://[::1]:99999/', 'https://a.example/?', 'x'.repeat(3_000)),
  fc.constantFrom('jane@example.com', 'a:b+c', 'batch', 'whsec_AAAA'),
  fc.string({ unit: 'binary', maxLength: 20 }),
);
const anything = fc.oneof(
  text,
  fc.constantFrom<unknown>(null, true, 0, -0, -1, 1.5, 2 ** 53, 1e300, [], {}, [null], [[]], { a: null }),
  fc.anything({
    key: text,
    values: [text, fc.integer(), fc.constant(null)],
    maxDepth: 3,
    withNullPrototype: false,
  }),
);

const fromDocument = (ref: string): Schema =>
  ref
    .slice(2)
    .split('/')
    .reduce<unknown>((at, step) => (at as Record<string, unknown>)[step], api.document) as Schema;

/** Mostly values that match the schema, and sometimes any value instead. */
function valueFrom(schema: Schema, depth = 0): fc.Arbitrary<unknown> {
  const invalid = { weight: 1, arbitrary: anything };
  const mostly = (arbitrary: fc.Arbitrary<unknown>) => fc.oneof({ weight: 8, arbitrary }, invalid);
  if (depth > 6) return anything;
  if (schema.$ref) return valueFrom(fromDocument(schema.$ref), depth);
  if (schema.const !== undefined) return mostly(fc.constant(schema.const));
  if (schema.enum) return mostly(fc.constantFrom(...schema.enum));
  const either = schema.anyOf ?? schema.allOf;
  if (either) return fc.oneof(...either.map((one) => valueFrom(one, depth + 1)));
  if (schema.type === 'object' || schema.properties) {
    const members = Object.entries(schema.properties ?? {}).map(([name, one]) => [
      name,
      valueFrom(one, depth + 1),
    ]);
    const more = typeof schema.additionalProperties === 'object' ? schema.additionalProperties : {};
    return mostly(
      fc
        .tuple(
          fc.record(Object.fromEntries(members), { requiredKeys: [] }),
          fc.dictionary(text, valueFrom(more, depth + 1), { maxKeys: schema.properties ? 0 : 3 }),
        )
        .map(([own, others]) => ({ ...others, ...own })),
    );
  }
  if (schema.type === 'array')
    return mostly(fc.array(valueFrom(schema.items ?? {}, depth + 1), { maxLength: 3 }));
  if (schema.type === 'boolean') return mostly(fc.boolean());
  if (schema.type === 'integer' || schema.type === 'number')
    return mostly(fc.oneof(fc.nat(300), fc.double()));
  const example = schema.example === undefined ? [] : [fc.constant(schema.example)];
  if (schema.type === 'string')
    return fc.oneof(
      ...example,
      text,
      fc.constantFrom('a.b', 'acme', '5s', 'https://a.example/hook', ...existingIds),
    );
  return fc.oneof(...example, anything);
}

type Fuzzed = { method: string; path: string; body: unknown; key: string };

function callOf(
  path: string,
  method: string,
  { parameters = [], requestBody }: Operation,
): fc.Arbitrary<Fuzzed> {
  const named = (where: string) => parameters.filter((one) => one.in === where);
  const inPath = Object.fromEntries(
    named('path').map(({ name }) => [
      name,
      fc.oneof(fc.constantFrom(...existingIds, 'acme', 'a.b', 'wire'), text),
    ]),
  );
  const inQuery = Object.fromEntries(named('query').map(({ name, schema }) => [name, valueFrom(schema)]));
  const schema = requestBody?.content['application/json']?.schema;
  return fc.record({
    method: fc.constant(method.toUpperCase()),
    path: fc
      .tuple(fc.record(inPath), fc.record(inQuery, { requiredKeys: [] }))
      .map(([ids, query]) => pathOf(path, ids as Record<string, string>, query)),
    body: schema ? valueFrom(schema) : fc.constant(undefined),
    key: fc.constantFrom(key, key, key, ADMIN_KEY),
  });
}

function pathOf(path: string, ids: Record<string, string>, query: Record<string, unknown>): string {
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => escaped(ids[name]!));
  const search = Object.entries(query).map(([name, value]) => `${name}=${escaped(String(value))}`);
  return search.length === 0 ? filled : `${filled}?${search.join('&')}`;
}

/** Dots only, or the path of another call, would change the path. */
const escaped = (value: string): string =>
  ['', '.', '..', 'batch'].includes(value) ? 'other' : encodeURIComponent(value.toWellFormed());

/** Phrases of the validation library, and of JavaScript. */
const LIBRARY_PHRASES =
  /invalid input|invalid option|unrecognized key|nonoptional|expected |received |undefined|\bNaN\b|object Object/i;

test('no call causes an internal error, or an error message in the words of a library', async () => {
  const operations = Object.entries(api.document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) =>
      callOf(path, method, operation as unknown as Operation),
    ),
  );
  await fc.assert(
    fc.asyncProperty(fc.oneof(...operations), async (call) => {
      const { status, body } = await api.call(call.method, call.path, { key: call.key, body: call.body });
      expect(status).not.toBe(500);
      const { errors = [] } = (body ?? {}) as { errors?: { detail: string }[] };
      for (const { detail } of status >= 400 ? errors : []) expect(detail).not.toMatch(LIBRARY_PHRASES);
    }),
    { numRuns: 1_500 },
  );
});

async function createOneOfEach(): Promise<string[]> {
  const create = async (method: string, path: string, body?: unknown): Promise<string> =>
    ((await api.call(method, path, { key, body })).body as { id: string }).id;
  const endpoint = await create('POST', '/v1/endpoints', { url: 'https://a.example/hook', events: ['a.b'] });
  const event = await create('POST', '/v1/events', { type: 'a.b', data: {}, id: 'jane@example:1+1' });
  await api.call('PUT', '/v1/consumers/acme', { key, body: {} });
  await api.call('PUT', '/v1/event-types/a.b', { key, body: { description: 'An event' } });
  const deliveries = (await api.call('GET', '/v1/deliveries', { key })).body as { items: { id: string }[] };
  return [endpoint, event, deliveries.items[0]!.id, await create('POST', '/v1/keys')];
}
