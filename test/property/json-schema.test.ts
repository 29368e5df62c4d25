import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { compileSchema } from '../../src/json-schema/compile-schema.ts';
import { cpuMs } from '../set-up/cpu-time.ts';

const name = fc.constantFrom('a', 'b', 'a/b', '~', 'constructor', 'toString');
const names = fc.uniqueArray(name, { maxLength: 3 });
const scalar = fc.oneof(
  fc.constantFrom<unknown>(null, true, 0, -0, 1, 1.5, 1e300, '', 'a', 'aab', '😀', '\ud800'),
  fc.integer(),
  fc.string(),
);
const pattern = fc.constantFrom('^a', '(a|aa)+$', 'a{50}b', 'b', '');
const type = fc.constantFrom('null', 'boolean', 'number', 'integer', 'string', 'array', 'object');
const count = fc.nat(4);
const pointer = fc.constantFrom('#/$defs/a', '#/$defs/b', '#/x-more/a', '#/properties/a', '#/not', '#');

/** Schemas with a few keywords. `more` adds further keywords. */
const schemasWith = (
  more: (schema: fc.Arbitrary<unknown>) => Record<string, fc.Arbitrary<unknown>>,
): fc.Arbitrary<unknown> =>
  fc.letrec<{ schema: unknown }>((tie) => {
    const schema = tie('schema');
    const list = fc.oneof(
      { weight: 9, arbitrary: fc.array(schema, { minLength: 1, maxLength: 4 }) },
      { weight: 1, arbitrary: schema.map((each) => Array<unknown>(90).fill(each)) },
    );
    const named = fc.dictionary(name, schema, { maxKeys: 4 });
    const keywords: Record<string, fc.Arbitrary<unknown>> = {
      type: fc.oneof(type, fc.uniqueArray(type, { minLength: 1, maxLength: 3 })),
      enum: fc.array(scalar, { minLength: 1, maxLength: 4 }),
      const: scalar,
      minimum: fc.integer(),
      exclusiveMaximum: fc.integer(),
      minLength: count,
      maxLength: count,
      minItems: count,
      maxItems: count,
      uniqueItems: fc.boolean(),
      minProperties: count,
      maxProperties: count,
      required: names,
      dependentRequired: fc.dictionary(name, names, { maxKeys: 2 }),
      pattern,
      minContains: count,
      maxContains: count,
      allOf: list,
      anyOf: list,
      oneOf: list,
      prefixItems: list,
      not: schema,
      if: schema,
      // biome-ignore lint/suspicious/noThenProperty: a keyword of the draft
      then: schema,
      else: schema,
      items: schema,
      contains: schema,
      additionalProperties: schema,
      propertyNames: schema,
      properties: named,
      dependentSchemas: named,
      patternProperties: fc.dictionary(pattern, schema, { maxKeys: 2 }),
      $ref: pointer,
      $defs: named,
      'x-more': named,
      ...more(schema),
    };
    const entry = fc.oneof(
      ...Object.entries(keywords).map(([keyword, value]) => fc.tuple(fc.constant(keyword), value)),
    );
    const few = fc.array(entry, { maxLength: 5 }).map((entries) => Object.fromEntries(entries));
    return { schema: fc.oneof({ maxDepth: 5, depthSize: 'medium' }, fc.boolean(), few) };
  }).schema;

const anything = fc.anything({ maxDepth: 2, withNullPrototype: false });
const hostileSchemas = schemasWith((schema) => ({
  dependencies: fc.dictionary(name, schema),
  unevaluatedProperties: schema,
  unevaluatedItems: schema,
  contentSchema: schema,
  $id: fc.constantFrom('https://example.com/b', '#', '#/$defs/a'),
  $anchor: fc.constant('a'),
  $dynamicRef: pointer,
  $ref: fc.oneof(pointer, fc.constantFrom('#a', '#/%61', 'https://example.com/b', '#/$defs/')),
  $async: fc.boolean(),
  nullable: fc.boolean(),
  const: anything,
  type: anything,
  required: anything,
  properties: anything,
  pattern: fc.constantFrom('[', '(?=a)', '(a{900}){900}', '(a*)*b'),
  maxLength: fc.constantFrom(-1, 1.5, '1', 1e300),
}));

const deep = (depth: number): unknown =>
  depth === 0 ? 'a' : depth % 2 ? [deep(depth - 1)] : { a: deep(depth - 1) };
const wide = (make: (n: number) => [string, unknown]) =>
  Object.fromEntries(Array.from({ length: 2_000 }, (_, n) => make(n)));
const hostileData = fc.constantFrom<unknown>(
  deep(100),
  deep(5_000),
  'a'.repeat(50_000),
  '~'.repeat(50_000),
  Array<unknown>(5_000).fill('a'),
  Array.from({ length: 5_000 }, (_, n) => [n]),
  Array.from({ length: 2_000 }, () => ({})),
  wide((n) => [`a${n}`, n]),
  { a: wide((n) => [`~${n}`, { b: n }]), b: Array<unknown>(2_000).fill({ a: 'a' }) },
  { ['/~'.repeat(20_000)]: Array<unknown>(5_000).fill(0) },
);
const sizeOf = (data: unknown): number => {
  try {
    return JSON.stringify(data).length;
  } catch {
    return 10_000; // too deep to serialize
  }
};

test('no combination of schema and data takes longer than 2 s or throws', () => {
  let accepted = 0;
  fc.assert(
    fc.property(hostileSchemas, fc.array(hostileData, { minLength: 1, maxLength: 2 }), (schema, several) => {
      const startedAt = cpuMs();
      const compiled = compileSchema(JSON.stringify(schema) ?? 'true');
      if ('problems' in compiled) expect(compiled.problems).not.toEqual([]);
      else {
        accepted++;
        for (const data of several) compiled.check(data, sizeOf(data));
      }
      expect(cpuMs() - startedAt).toBeLessThan(2_000);
    }),
    { numRuns: 400, interruptAfterTimeLimit: 6_000 },
  );
  expect(accepted).toBeGreaterThan(20);
});

const smallData = fc.letrec<{ data: unknown }>((tie) => ({
  data: fc.oneof(
    { maxDepth: 3 },
    scalar,
    fc.array(tie('data'), { maxLength: 4 }),
    // Ajv compares items incorrectly if they have a member `constructor` or `toString`.
    fc.dictionary(fc.constantFrom('a', 'b', 'a/b', '~'), tie('data'), { maxKeys: 3 }),
  ),
})).data;

/** Plain Ajv generates code that throws for some schemas, such as oneOf with patternProperties. */
function orUndefined(validate: () => boolean): boolean | undefined {
  try {
    return validate();
  } catch {
    return undefined;
  }
}

test('an accepted schema gives the same result as plain Ajv', () => {
  const counts = { matches: 0, mismatches: 0 };
  fc.assert(
    fc.property(
      schemasWith(() => ({})),
      fc.array(smallData, { minLength: 3, maxLength: 6 }),
      (schema, several) => {
        const compiled = compileSchema(JSON.stringify(schema));
        if ('problems' in compiled) return;
        const plain = new Ajv2020({
          strict: false,
          logger: false,
          validateFormats: false,
          ownProperties: true,
        });
        const validate = plain.compile(JSON.parse(JSON.stringify(schema)) as object);
        for (const data of JSON.parse(JSON.stringify(several)) as unknown[]) {
          const matches = orUndefined(() => validate(data));
          if (matches === undefined) continue;
          counts[matches ? 'matches' : 'mismatches']++;
          expect(compiled.check(data, 1_000).length === 0).toBe(matches);
        }
      },
    ),
    { numRuns: 500, interruptAfterTimeLimit: 6_000 },
  );
  expect(Math.min(counts.matches, counts.mismatches)).toBeGreaterThan(50);
});
