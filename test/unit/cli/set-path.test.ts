import { parseExactly } from '../../../src/cli/client/trigger/exact-json.ts';
import { parseAssignment, setAt } from '../../../src/cli/client/trigger/set-path.ts';

const set = (data: unknown, ...texts: string[]): string =>
  JSON.stringify(texts.map(parseAssignment).reduce((changed, one) => setAt(changed, one), data));

test('a member is replaced, and the others stay in their order', () => {
  expect(set({ a: 1, b: { c: 2, d: 3 } }, 'b.c=9')).toBe('{"a":1,"b":{"c":9,"d":3}}');
});

test('the value is JSON, or else text', () => {
  expect(set({}, 'a=1', 'b="1"', 'c=null', 'd=[1]', 'e=one two', 'f=', 'g=a=b')).toBe(
    '{"a":1,"b":"1","c":null,"d":[1],"e":"one two","f":"","g":"a=b"}',
  );
});

test('numbers keep their digits', () => {
  expect(set(parseExactly('{"big":12345678901234567890}'), 'price=12.50')).toBe(
    '{"big":12345678901234567890,"price":12.50}',
  );
});

test('missing objects are created, also where there was null', () => {
  expect(set({ a: null }, 'a.b=1', 'c.d.e=2')).toBe('{"a":{"b":1},"c":{"d":{"e":2}}}');
  expect(set(undefined, 'a=1')).toBe('{"a":1}');
});

test('an index changes an element of an array, or appends one', () => {
  expect(set({ a: [1, { b: 2 }] }, 'a.1.b=3', 'a.2=4')).toBe('{"a":[1,{"b":3},4]}');
});

test('a backslash makes a dot part of a name', () => {
  expect(set({}, 'a\\.b.c=1')).toBe('{"a.b":{"c":1}}');
});

test('__proto__ is a member like any other', () => {
  expect(set({}, '__proto__.polluted=true', 'constructor.x=1')).toBe(
    '{"__proto__":{"polluted":true},"constructor":{"x":1}}',
  );
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
});

test.each(['a', '=1', '.a=1', 'a..b=1', 'a.=1', ''])('%j is refused', (text) => {
  expect(() => parseAssignment(text)).toThrow(/is not path=value/);
});

test.each([
  ['a.b=1', { a: 'text' }, 'a is "text", which has no "b"'],
  ['0=1', 'text', 'the data is "text", which has no "0"'],
  ['a.5=1', { a: [] }, 'a is an array of 0 elements, which has no "5"'],
  ['a.b=1', parseExactly('{"a":1.0}'), 'a is 1.0, which has no "b"'],
])('%s leads through something that has no members', (text, data, reason) => {
  expect(() => setAt(data, parseAssignment(text))).toThrow(reason);
});
