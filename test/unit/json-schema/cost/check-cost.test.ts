import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { compileSchema } from '../../../../src/json-schema/compile-schema.ts';
import { eventTypesSchema } from '../../../../src/profiles/event-type.ts';
import { cpuMs } from '../../../set-up/cpu-time.ts';
import { check } from '../compile.ts';

/** Bytes of the heap in use after garbage collection. */
function heapInUse(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  return process.memoryUsage().heapUsed;
}

test('a pattern caches only a limited amount of automaton states', () => {
  let random = 1;
  const text = Array.from({ length: 5_000 }, () => {
    random = (random * 1_103_515_245 + 12_345) % 2 ** 31;
    return random > 2 ** 30 ? 'a' : 'b';
  }).join('');
  const schemas = Array.from({ length: 30 }, (_, n) => ({ pattern: `[ab]*a[ab]{${60 + n}}$` }));
  const checks = schemas.map((schema) => compileSchema(JSON.stringify(schema)));
  const before = heapInUse();
  for (const compiled of checks) if (!('problems' in compiled)) compiled.check(text, 1024 * 1024);
  // Without the limit, 30 patterns would cache 240 MiB.
  expect(heapInUse() - before).toBeLessThan(60 * 1024 * 1024);
  expect(checks).toHaveLength(30);
});

test.each<[string, unknown, unknown]>([
  [
    'five hundred schemas for each of many items',
    { items: { allOf: Array(4).fill({ allOf: Array(60).fill({ type: 'number' }) }) } },
    Array(4_000).fill(1),
  ],
  [
    'five hundred schemas for each of too many items',
    { items: { allOf: Array(4).fill({ allOf: Array(60).fill({ type: 'number' }) }) } },
    Array(500_000).fill(1),
  ],
  [
    'a pattern on which a backtracking engine would never finish',
    { pattern: '^(a+)+$' },
    `${'a'.repeat(1_000_000)}!`,
  ],
  [
    'many patterns',
    { items: { allOf: Array(90).fill({ pattern: '^(a|b|ab)*c$' }) } },
    Array(100_000).fill('abababab'),
  ],
  [
    'a referenced schema that half a million items do not match',
    { contains: { $ref: '#/$defs/a' }, $defs: { a: { allOf: [{ $ref: '#/$defs/b' }] }, b: { const: 1 } } },
    Array(500_000).fill(0),
  ],
  [
    'referenced schemas of which each item matches only the last',
    {
      items: { anyOf: [...Array(90).fill({ $ref: '#/$defs/a' }), true] },
      $defs: { a: { allOf: [{ $ref: '#/$defs/b' }] }, b: { const: 1 } },
    },
    Array(250_000).fill(0),
  ],
  [
    'as many comparisons as are allowed, of which all but the last fail',
    { items: { anyOf: [...Array(90).fill({ const: 1 }), true] } },
    Array(10_000).fill(0),
  ],
  ['uniqueItems with equal items', { uniqueItems: true }, Array(250_000).fill({})],
  [
    'uniqueItems with distinct items, as often as allowed',
    { allOf: Array(2).fill({ uniqueItems: true }) },
    Array.from({ length: 150_000 }, (_, n) => n),
  ],
  [
    'length limits of a long text, as many as are allowed',
    { allOf: Array(50).fill({ minLength: 900_000, maxLength: 1_100_000 }) },
    'x'.repeat(1_000_000),
  ],
  [
    'members that are counted repeatedly',
    { allOf: Array(9).fill({ minProperties: 1, maxProperties: 1_000_000 }) },
    Object.fromEntries(Array.from({ length: 100_000 }, (_, n) => [`x${n}`, 1])),
  ],
  [
    'a long member name above many values that do not match',
    { additionalProperties: { items: { anyOf: [...Array(5).fill({ const: 1 }), true] } } },
    { ['~'.repeat(400_000)]: Array(200_000).fill(0) },
  ],
  [
    'required members that many items lack',
    { items: { required: Array.from({ length: 400 }, (_, n) => `a${n}`) } },
    Array(10_000).fill({}),
  ],
  [
    'a very large number of members',
    { patternProperties: { '^x': { type: 'number' } }, additionalProperties: false },
    Object.fromEntries(Array.from({ length: 60_000 }, (_, n) => [`x${n}`, 1])),
  ],
])('a megabyte of the worst data is checked within two seconds: %s', (_, schema, data) => {
  const startedAt = cpuMs();
  check(schema, data);
  expect(cpuMs() - startedAt).toBeLessThan(2_000);
});

test('the largest schemas compile in less than two seconds, as does a profile full of them', () => {
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
