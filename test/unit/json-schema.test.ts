import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { compileSchema, type Violation } from '../../src/json-schema/compile-schema.ts';

function check(schema: unknown, data: unknown): Violation[] {
  const compiled = compileSchema(JSON.stringify(schema));
  if ('problems' in compiled) throw new Error(JSON.stringify(compiled.problems));
  return compiled(data, JSON.stringify(data).length);
}

function refused(schema: unknown): Violation[] {
  const compiled = compileSchema(typeof schema === 'string' ? schema : JSON.stringify(schema));
  return 'problems' in compiled ? compiled.problems : [];
}

test('data that fits has no violations, and data that does not has one for each place, without its values', () => {
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

test('at most twenty violations are told, and of large data the first alone', () => {
  const schema = { items: { type: 'string' } };
  expect(check(schema, Array(1_000).fill(1))).toHaveLength(20);
  expect(check(schema, Array(100_000).fill(1))).toHaveLength(1);
});

test('data with too many values for its schema is refused, and as many are no trouble where the schema is small', () => {
  const values = Array(400_000).fill(0);
  expect(check({ items: { anyOf: [...Array(120).fill({ const: 1 }), true] } }, values)).toEqual([
    { pointer: '', detail: 'has too many values to hold each against the schema' },
  ]);
  expect(check({ items: { type: 'integer', minimum: 0 } }, values)).toEqual([]);
});

/** Bytes that are still needed. */
function heapInUse(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  return process.memoryUsage().heapUsed;
}

test('a pattern keeps little of the texts that it was held against', () => {
  let random = 1;
  const text = Array.from({ length: 5_000 }, () => {
    random = (random * 1_103_515_245 + 12_345) % 2 ** 31;
    return random > 2 ** 30 ? 'a' : 'b';
  }).join('');
  const schemas = Array.from({ length: 30 }, (_, n) => ({ pattern: `[ab]*a[ab]{${60 + n}}$` }));
  const checks = schemas.map((schema) => compileSchema(JSON.stringify(schema)));
  const before = heapInUse();
  for (const one of checks) if (!('problems' in one)) one(text, 1024 * 1024);
  // Thirty patterns that keep all would have 240 MiB.
  expect(heapInUse() - before).toBeLessThan(60 * 1024 * 1024);
  expect(checks).toHaveLength(30);
});

test('what only JavaScript objects have is no member of the data', () => {
  expect(check({ required: ['constructor'] }, {})).toHaveLength(1);
  expect(check({ properties: { toString: { type: 'string' } } }, {})).toEqual([]);
});

test('format and unknown keywords are annotations', () => {
  expect(check({ format: 'email', 'x-owner': 'billing', type: 'string' }, 'no address')).toEqual([]);
});

test.each<[string, unknown, string]>([
  ['a type that is none', { properties: { a: { type: 'text' } } }, '/properties/a/type'],
  ['a list', [], ''],
  ['an older draft', { $schema: 'http://json-schema.org/draft-07/schema#' }, '/$schema'],
  ['a reference to elsewhere', { $ref: 'https://example.com/schema' }, '/$ref'],
  ['a reference to nothing', { properties: { a: { $ref: '#/$defs/none' } } }, '/properties/a/$ref'],
  ['a reference to a name', { $defs: { a: { $anchor: 'x' } }, $ref: '#/$defs/a' }, '/$defs/a/$anchor'],
  ['recursion', { properties: { child: { $ref: '#' } } }, ''],
  ['dynamic references', { $dynamicRef: '#x' }, '/$dynamicRef'],
  ['uniqueItems without a bound', { uniqueItems: true }, '/uniqueItems'],
  ['a pattern that looks around', { properties: { a: { pattern: '(?<=a)b' } } }, '/properties/a/pattern'],
  [
    'a pattern with a huge program',
    { patternProperties: { '(a{900}){900}': true } },
    '/patternProperties/(a{900}){900}',
  ],
  ['too many bytes', { description: 'x'.repeat(33_000) }, ''],
])('%s is refused', (_, schema, pointer) => {
  expect(refused(schema).map((problem) => problem.pointer)).toEqual([pointer]);
});

test('a few hundred bytes that stand for millions of schemas are refused', () => {
  const $defs: Record<string, unknown> = { a0: { type: 'string' } };
  for (let n = 1; n < 25; n++) {
    $defs[`a${n}`] = { allOf: [{ $ref: `#/$defs/a${n - 1}` }, { $ref: `#/$defs/a${n - 1}` }] };
  }
  expect(refused({ $defs, $ref: '#/$defs/a24' })).not.toEqual([]);
  expect(refused({ items: { enum: Array.from({ length: 600 }, (_, n) => n) } })).toHaveLength(1);
});

test.each<[string, unknown, unknown]>([
  [
    'five hundred schemas for each of many items',
    { items: { allOf: Array(490).fill({ type: 'number' }) } },
    Array(500_000).fill(1),
  ],
  ['a pattern that a backtracking engine would not end', { pattern: '^(a+)+$' }, `${'a'.repeat(1_000_000)}!`],
  [
    'many patterns',
    { items: { allOf: Array(240).fill({ pattern: '^(a|b|ab)*c$' }) } },
    Array(100_000).fill('abababab'),
  ],
  [
    'a named schema that half a million items do not fit',
    { contains: { $ref: '#/$defs/a' }, $defs: { a: { allOf: [{ $ref: '#/$defs/b' }] }, b: { const: 1 } } },
    Array(500_000).fill(0),
  ],
  [
    'named schemas of which each item fits the last',
    {
      items: { anyOf: [...Array(120).fill({ $ref: '#/$defs/a' }), true] },
      $defs: { a: { allOf: [{ $ref: '#/$defs/b' }] }, b: { const: 1 } },
    },
    Array(250_000).fill(0),
  ],
  [
    'as many comparisons as there may be, of which all but the last fail',
    { items: { anyOf: [...Array(120).fill({ const: 1 }), true] } },
    Array(40_000).fill(0),
  ],
  ['unique items that are all alike', { uniqueItems: true, maxItems: 100 }, Array(250_000).fill({})],
  [
    'members without end',
    { patternProperties: { '^x': { type: 'number' } }, additionalProperties: false },
    Object.fromEntries(Array.from({ length: 60_000 }, (_, n) => [`x${n}`, 1])),
  ],
])('the worst of a megabyte is checked within two seconds: %s', (_, schema, data) => {
  const startedAt = performance.now();
  check(schema, data);
  expect(performance.now() - startedAt).toBeLessThan(2_000);
});
