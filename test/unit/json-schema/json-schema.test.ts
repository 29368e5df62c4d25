import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { compileSchema } from '../../../src/json-schema/compile-schema.ts';
import { keywordKind } from '../../../src/json-schema/keywords.ts';
import type { Violation } from '../../../src/json-schema/violations.ts';
import { eventTypesSchema } from '../../../src/profiles/event-type.ts';
import { cpuMs } from '../../set-up/cpu-time.ts';

function check(schema: unknown, data: unknown): Violation[] {
  const compiled = compileSchema(JSON.stringify(schema));
  if ('problems' in compiled) throw new Error(JSON.stringify(compiled.problems));
  return compiled.check(data, JSON.stringify(data).length);
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

test('at most twenty violations are told, and of data that is too large for it none but that it does not fit', () => {
  const schema = { items: { type: 'string' } };
  expect(check(schema, Array(1_000).fill(1))).toHaveLength(20);
  expect(check(schema, Array(500_000).fill(1))).toEqual([
    { pointer: '', detail: 'does not fit the schema, and is too large to tell where' },
  ]);
  expect(check(schema, Array(500_000).fill('x'))).toEqual([]);
});

test('every keyword that Ajv implements is one that the bounds know', () => {
  const { RULES } = new Ajv2020();
  const implemented = [...Object.keys(RULES.all), ...Object.keys(RULES.keywords)];
  expect(implemented.filter((keyword) => keywordKind(keyword) === undefined)).toEqual([]);
  expect(implemented.length).toBeGreaterThan(50);
});

test('data that cannot be gone through is a violation, and throws nothing', () => {
  let data: unknown = 1;
  for (let depth = 0; depth < 100_000; depth++) data = [data];
  const compiled = compileSchema('{"uniqueItems":true}');
  if ('problems' in compiled) throw new Error('refused');
  expect(compiled.check(data, 200_000)).toEqual([
    { pointer: '', detail: 'cannot be held against the schema' },
  ]);
});

test('what stands below an unknown keyword says nothing, until it is referred to', () => {
  const schema = {
    'x-types': { a: { $id: 'https://example.com/a', type: 'number' }, b: { type: 'number' } },
  };
  expect(check({ ...schema, type: 'string' }, 'text')).toEqual([]);
  expect(check({ ...schema, $ref: '#/x-types/b' }, 'text')).toHaveLength(1);
  expect(refused({ ...schema, $ref: '#/x-types/a' })).toEqual([
    { pointer: '/x-types/a/$id', detail: 'cannot be used' },
  ]);
});

test('items are alike whatever the order of their members and however a number is written', () => {
  const schema = { uniqueItems: true };
  expect(
    check(schema, [
      { a: 1, b: [] },
      { b: [], a: 1 },
    ]),
  ).toEqual([{ pointer: '', detail: 'must not have two equal items (uniqueItems)' }]);
  expect(check(schema, [1, '1', [1], { a: 1 }, [[1]], null, 'null', true, Infinity])).toEqual([]);
});

test('data with too many values for its schema is refused, and as many are no trouble where the schema is small', () => {
  const values = Array(400_000).fill(0);
  expect(check({ items: { anyOf: [...Array(90).fill({ const: 1 }), true] } }, values)).toEqual([
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
  for (const one of checks) if (!('problems' in one)) one.check(text, 1024 * 1024);
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

const nested = (depth: number): object => (depth === 0 ? {} : { not: nested(depth - 1) });

test.each<[string, unknown, string]>([
  ['a type that is none', { properties: { a: { type: 'text' } } }, '/properties/a/type'],
  ['a list', [], ''],
  ['an older draft', { $schema: 'http://json-schema.org/draft-07/schema#' }, '/$schema'],
  ['a reference to elsewhere', { $ref: 'https://example.com/schema' }, '/$ref'],
  ['a reference to nothing', { properties: { a: { $ref: '#/$defs/none' } } }, '/properties/a/$ref'],
  ['a reference to a name', { $defs: { a: { $anchor: 'x' } }, $ref: '#/$defs/a' }, '/$defs/a/$anchor'],
  ['recursion', { properties: { child: { $ref: '#' } } }, ''],
  ['dynamic references', { $dynamicRef: '#x' }, '/$dynamicRef'],
  ['what leads out of the bounds of the draft', { dependencies: { a: { $ref: '#/x' } } }, '/dependencies'],
  ['unevaluatedProperties', { unevaluatedProperties: false }, '/unevaluatedProperties'],
  ['nullable', { type: 'string', nullable: true }, '/nullable'],
  ['an object to compare with', { enum: [1, { a: 1 }] }, '/enum/1'],
  ['a list as what is allowed', { properties: { a: { const: [] } } }, '/properties/a/const'],
  ['a list that is too long', { allOf: Array(1_600).fill({ minLength: 1 }) }, '/allOf'],
  ['too many lengths for one value', { allOf: Array(51).fill({ minLength: 1, maxLength: 9 }) }, ''],
  ['too many uniqueItems for one value', { allOf: Array(3).fill({ uniqueItems: true }) }, ''],
  ['what is nested deep in what nothing refers to', { $defs: { a: nested(3_000) } }, ''],
  ['schemas in each other', nested(40), '/not'.repeat(33)],
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
    { items: { allOf: Array(4).fill({ allOf: Array(60).fill({ type: 'number' }) }) } },
    Array(4_000).fill(1),
  ],
  [
    'as many again, and too many items',
    { items: { allOf: Array(4).fill({ allOf: Array(60).fill({ type: 'number' }) }) } },
    Array(500_000).fill(1),
  ],
  ['a pattern that a backtracking engine would not end', { pattern: '^(a+)+$' }, `${'a'.repeat(1_000_000)}!`],
  [
    'many patterns',
    { items: { allOf: Array(90).fill({ pattern: '^(a|b|ab)*c$' }) } },
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
      items: { anyOf: [...Array(90).fill({ $ref: '#/$defs/a' }), true] },
      $defs: { a: { allOf: [{ $ref: '#/$defs/b' }] }, b: { const: 1 } },
    },
    Array(250_000).fill(0),
  ],
  [
    'as many comparisons as there may be, of which all but the last fail',
    { items: { anyOf: [...Array(90).fill({ const: 1 }), true] } },
    Array(10_000).fill(0),
  ],
  ['unique items that are all alike', { uniqueItems: true }, Array(250_000).fill({})],
  [
    'items that all differ, compared as often as they may be',
    { allOf: Array(2).fill({ uniqueItems: true }) },
    Array.from({ length: 150_000 }, (_, n) => n),
  ],
  [
    'lengths of a long text, as many as there may be',
    { allOf: Array(50).fill({ minLength: 900_000, maxLength: 1_100_000 }) },
    'x'.repeat(1_000_000),
  ],
  [
    'members that are counted again and again',
    { allOf: Array(9).fill({ minProperties: 1, maxProperties: 1_000_000 }) },
    Object.fromEntries(Array.from({ length: 100_000 }, (_, n) => [`x${n}`, 1])),
  ],
  [
    'a long name of much that does not fit',
    { additionalProperties: { items: { anyOf: [...Array(5).fill({ const: 1 }), true] } } },
    { ['~'.repeat(400_000)]: Array(200_000).fill(0) },
  ],
  [
    'members that many items do not have',
    { items: { required: Array.from({ length: 400 }, (_, n) => `a${n}`) } },
    Array(10_000).fill({}),
  ],
  [
    'members without end',
    { patternProperties: { '^x': { type: 'number' } }, additionalProperties: false },
    Object.fromEntries(Array.from({ length: 60_000 }, (_, n) => [`x${n}`, 1])),
  ],
])('the worst of a megabyte is checked within two seconds: %s', (_, schema, data) => {
  const startedAt = cpuMs();
  check(schema, data);
  expect(cpuMs() - startedAt).toBeLessThan(2_000);
});

test('the largest schemas are compiled in well under a second, and a profile of them too', () => {
  const properties = Object.fromEntries(
    Array.from({ length: 280 }, (_, n) => [`p${n}`, { $ref: '#/$defs/a' }]),
  );
  const compiled = compileSchema(
    JSON.stringify({ properties, $defs: { a: { type: 'string', minLength: 1, maxLength: 9, const: 'x' } } }),
  );
  expect(compiled).toHaveProperty('check');
  const schemas = Array.from({ length: 50 }, (_, n) => ({
    properties: Object.fromEntries(Array.from({ length: 29 }, (_, i) => [`p${n}${i}`, { type: 'string' }])),
  }));
  const eventTypes = schemas.map((schema, n) => ({ name: `t${n}`, description: '', example: {}, schema }));
  const startedAt = cpuMs();
  expect(eventTypesSchema.safeParse(eventTypes)).toMatchObject({ success: true });
  expect(cpuMs() - startedAt).toBeLessThan(2_000);

  const tooMany = [...eventTypes, { ...eventTypes[0], name: 'more' }];
  expect(eventTypesSchema.safeParse(tooMany).error?.issues).toMatchObject([
    { message: 'must not have more than 50 schemas' },
  ]);
  const tooLarge = eventTypes.map((type) => ({ ...type, schema: { anyOf: [type.schema, type.schema] } }));
  expect(eventTypesSchema.safeParse(tooLarge).error?.issues).toMatchObject([{ path: [25, 'schema'] }]);
});
