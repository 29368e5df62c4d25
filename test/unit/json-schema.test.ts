import { compileSchema } from '../../src/json-schema/compile-schema.ts';

test('x', () => {
  const check = compileSchema(
    JSON.stringify({
      type: 'object',
      required: ['a'],
      properties: { a: { type: 'string', pattern: '^a+$' } },
      additionalProperties: false,
    }),
  );
  if ('problems' in check) throw new Error(JSON.stringify(check));
  expect(check({ a: 'aa' }, 10)).toEqual([]);
  expect(check({ b: 1 }, 10)).toEqual([
    { pointer: '/a', detail: 'is required (required)' },
    { pointer: '/b', detail: 'may not be there (false)' },
  ]);
});
