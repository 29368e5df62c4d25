import { compileSchema } from '../../../src/json-schema/compile-schema.ts';
import { check, problemsOf } from './compile.ts';

test('matching data has no violations; other data has one for each JSON Pointer, without its values', () => {
  const schema = {
    type: 'object',
    required: ['id', 'pages'],
    properties: {
      id: { type: 'string', pattern: '^job_' },
      pages: { type: 'array', items: { type: 'integer', minimum: 1 } },
      status: { enum: ['done', 'failed'] },
    },
    additionalProperties: false,
  };
  expect(check(schema, { id: 'job_1', pages: [1, 2], status: 'done' })).toEqual([]);

  const violations = check(schema, { id: 'SECRET', pages: [1, 0, 'x'], status: 'SECRET', 'a/b': 'SECRET' });
  expect(violations.map(({ pointer }) => pointer).sort()).toEqual(
    ['/a~1b', '/id', '/pages/1', '/pages/2', '/status'].sort(),
  );
  expect(JSON.stringify(violations)).not.toContain('SECRET');
  expect(check(schema, {})).toContainEqual({ pointer: '/id', detail: 'is required (required)' });
});

test('at most 20 violations are reported, and for very large data only that it does not match', () => {
  const schema = { items: { type: 'string' } };
  expect(check(schema, Array(1_000).fill(1))).toHaveLength(20);
  expect(check(schema, Array(500_000).fill(1))).toEqual([
    { pointer: '', detail: 'does not match the schema, and is too large to report where' },
  ]);
  expect(check(schema, Array(500_000).fill('x'))).toEqual([]);
});

test('data that is nested too deep to walk is a violation and does not throw', () => {
  let data: unknown = 1;
  for (let depth = 0; depth < 100_000; depth++) data = [data];
  const compiled = compileSchema('{"uniqueItems":true}');
  if ('problems' in compiled) throw new Error('refused');
  expect(compiled.check(data, 200_000)).toEqual([
    { pointer: '', detail: 'cannot be checked against the schema' },
  ]);
});

test('schemas below an unknown keyword apply only when they are referenced', () => {
  const schema = {
    'x-types': { a: { $id: 'https://example.com/a', type: 'number' }, b: { type: 'number' } },
  };
  expect(check({ ...schema, type: 'string' }, 'text')).toEqual([]);
  expect(check({ ...schema, $ref: '#/x-types/b' }, 'text')).toHaveLength(1);
  expect(problemsOf({ ...schema, $ref: '#/x-types/a' })).toEqual([
    { pointer: '/x-types/a/$id', detail: 'is not supported' },
  ]);
});

test('items are equal regardless of the order of their members', () => {
  const schema = { uniqueItems: true };
  expect(
    check(schema, [
      { a: 1, b: [] },
      { b: [], a: 1 },
    ]),
  ).toEqual([{ pointer: '', detail: 'must not have two equal items (uniqueItems)' }]);
  expect(check(schema, [1, '1', [1], { a: 1 }, [[1]], null, 'null', true, Infinity])).toEqual([]);
});

test('data with too many values for its schema is refused, but the same data is accepted with a small schema', () => {
  const values = Array(400_000).fill(0);
  expect(check({ items: { anyOf: [...Array(90).fill({ const: 1 }), true] } }, values)).toEqual([
    { pointer: '', detail: 'has too many values to check against the schema' },
  ]);
  expect(check({ items: { type: 'integer', minimum: 0 } }, values)).toEqual([]);
});

test('properties that every JavaScript object inherits are not members of the data', () => {
  expect(check({ required: ['constructor'] }, {})).toHaveLength(1);
  expect(check({ properties: { toString: { type: 'string' } } }, {})).toEqual([]);
});

test('format and unknown keywords are annotations', () => {
  expect(check({ format: 'email', 'x-owner': 'billing', type: 'string' }, 'not an address')).toEqual([]);
});
