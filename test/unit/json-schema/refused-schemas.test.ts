import { Ajv2020 } from 'ajv/dist/2020.js';
import { keywordKind } from '../../../src/json-schema/keywords.ts';
import { problemsOf } from './compile.ts';

test('every keyword that Ajv implements has a measured cost', () => {
  const { RULES } = new Ajv2020();
  const implemented = [...Object.keys(RULES.all), ...Object.keys(RULES.keywords)];
  expect(implemented.filter((keyword) => keywordKind(keyword) === undefined)).toEqual([]);
  expect(implemented.length).toBeGreaterThan(50);
});

const nested = (depth: number): object => (depth === 0 ? {} : { not: nested(depth - 1) });

test.each<[string, unknown, string]>([
  ['an unknown type', { properties: { a: { type: 'text' } } }, '/properties/a/type'],
  ['a list', [], ''],
  ['an older draft', { $schema: 'http://json-schema.org/draft-07/schema#' }, '/$schema'],
  ['a reference to another document', { $ref: 'https://example.com/schema' }, '/$ref'],
  ['a reference to nothing', { properties: { a: { $ref: '#/$defs/none' } } }, '/properties/a/$ref'],
  [
    'a reference to a schema with an anchor',
    { $defs: { a: { $anchor: 'x' } }, $ref: '#/$defs/a' },
    '/$defs/a/$anchor',
  ],
  ['recursion', { properties: { child: { $ref: '#' } } }, ''],
  ['dynamic references', { $dynamicRef: '#x' }, '/$dynamicRef'],
  ['a keyword of an older draft', { dependencies: { a: { $ref: '#/x' } } }, '/dependencies'],
  ['unevaluatedProperties', { unevaluatedProperties: false }, '/unevaluatedProperties'],
  ['nullable', { type: 'string', nullable: true }, '/nullable'],
  ['an object in enum', { enum: [1, { a: 1 }] }, '/enum/1'],
  ['a list in const', { properties: { a: { const: [] } } }, '/properties/a/const'],
  ['a list that is too long', { allOf: Array(1_600).fill({ minLength: 1 }) }, '/allOf'],
  ['too many length limits for one value', { allOf: Array(51).fill({ minLength: 1, maxLength: 9 }) }, ''],
  ['too many uniqueItems for one value', { allOf: Array(3).fill({ uniqueItems: true }) }, ''],
  ['a deeply nested schema that nothing references', { $defs: { a: nested(3_000) } }, ''],
  ['schemas nested too deep', nested(40), '/not'.repeat(33)],
  ['a pattern with lookaround', { properties: { a: { pattern: '(?<=a)b' } } }, '/properties/a/pattern'],
  [
    'a pattern with a huge program',
    { patternProperties: { '(a{900}){900}': true } },
    '/patternProperties/(a{900}){900}',
  ],
  ['too many bytes', { description: 'x'.repeat(33_000) }, ''],
])('%s is refused', (_, schema, pointer) => {
  expect(problemsOf(schema).map((problem) => problem.pointer)).toEqual([pointer]);
});

test('a few hundred bytes that expand to millions of schemas are refused', () => {
  const $defs: Record<string, unknown> = { a0: { type: 'string' } };
  for (let n = 1; n < 25; n++) {
    $defs[`a${n}`] = { allOf: [{ $ref: `#/$defs/a${n - 1}` }, { $ref: `#/$defs/a${n - 1}` }] };
  }
  expect(problemsOf({ $defs, $ref: '#/$defs/a24' })).not.toEqual([]);
  expect(problemsOf({ items: { enum: Array.from({ length: 600 }, (_, n) => n) } })).toHaveLength(1);
});
