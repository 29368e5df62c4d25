import fc from 'fast-check';
import { readJsonDocument } from '../../../src/api/http/body/json-document.ts';
import { membersOf, nestingDepth, valueRange } from '../../../src/api/http/body/json-members.ts';
import { Problem } from '../../../src/api/problems/problem.ts';

const space = fc.stringMatching(/^[ \t\n\r]{0,3}$/);

/** JSON that no serializer writes: white space anywhere, escaped names, unusual forms of numbers. */
const jsonText: fc.Arbitrary<string> = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom('1.0', '-0', '1e400', '12345678901234567890', 'true', 'null', '"\\u0000"', '"\\ud800"'),
    fc.json(),
    fc.string({ unit: 'grapheme' }).map((text) => JSON.stringify(text)),
    fc
      .tuple(fc.array(tie('value'), { maxLength: 4 }), space)
      .map(([items, gap]) => `[${gap}${items.join(`${gap},${gap}`)}${gap}]`),
    fc.tuple(fc.array(fc.tuple(fc.string(), tie('value')), { maxLength: 4 }), space).map(([members, gap]) => {
      const texts = members.map(([name, value]) => `${JSON.stringify(name)}${gap}:${gap}${value}`);
      return `{${gap}${texts.join(`${gap},${gap}`)}${gap}}`;
    }),
  ),
})).value;

test('data is found byte for byte, whatever is in it and around it', () => {
  fc.assert(
    fc.property(jsonText, space, jsonText, (data, gap, other) => {
      const text = Buffer.from(
        `${gap}{"other":${other},${gap}"data"${gap}:${gap}${data}${gap},"last":1}${gap}`,
      );
      const member = membersOf(text, valueRange(text)).find(({ name }) => name === 'data')!;
      expect(text.toString('utf8', member.start, member.end)).toBe(data.trim());
    }),
  );
});

test('an escaped name is unescaped', () => {
  const text = Buffer.from('{"\\u0064\\u0061ta":1}');
  expect(membersOf(text, valueRange(text))).toEqual([{ name: 'data', start: 18, end: 19 }]);
});

test('brackets inside strings do not count as nesting', () => {
  expect(nestingDepth(Buffer.from('{"a":"[[[[{{{\\"[[","b":[[]]}'))).toBe(3);
});

test.each([
  ['a nesting of 65', '['.repeat(65) + ']'.repeat(65), 'malformed_json'],
  ['1,000,000 brackets that never close', '['.repeat(1_000_000), 'malformed_json'],
  ['an unfinished string', '{"a":"', 'malformed_json'],
  ['a string that ends in a backslash', '"\\', 'malformed_json'],
  ['nothing', '', 'malformed_json'],
  ['white space', ' \n', 'malformed_json'],
  ['two values', '1 2', 'malformed_json'],
  ['a name that appears twice', '{"type":"a","data":1,"type":"b"}', 'invalid_body'],
  ['data that appears twice, once in escapes', '{"data":1,"d\\u0061ta":2}', 'invalid_body'],
  ['a name that appears twice one level down', '{"attributes":{"a":"1","a":"2"}}', 'invalid_body'],
  ['__proto__ one level down', '{"attributes":{"__proto__":"1"}}', 'invalid_body'],
])('%s is rejected', (_, text, code) => {
  expect(() => readJsonDocument(Buffer.from(text))).toThrow(expect.objectContaining({ code }));
});

test('a nesting of 64 and duplicate names inside data are accepted', () => {
  const deep = '['.repeat(63) + ']'.repeat(63);
  expect(readJsonDocument(Buffer.from(`{"data":${deep}}`)).members).toHaveLength(1);
  expect(readJsonDocument(Buffer.from('{"data":{"a":1,"a":2,"__proto__":3}}')).members).toHaveLength(1);
});

test('any bytes are parsed as JSON.parse does, or rejected with a problem', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array().map((bytes) => Buffer.from(bytes)),
        jsonText.map((text) => Buffer.from(text)),
      ),
      (bytes) => {
        try {
          expect(readJsonDocument(bytes).value).toEqual(JSON.parse(bytes.toString('utf8')));
        } catch (error) {
          expect(error).toBeInstanceOf(Problem);
        }
      },
    ),
  );
});

test('the error does not quote malformed text, which may contain a secret', () => {
  expect(() => readJsonDocument(Buffer.from('{"secret": canary}'))).toThrow(
    expect.objectContaining({ message: expect.not.stringContaining('canary') }),
  );
});
