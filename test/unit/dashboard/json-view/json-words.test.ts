import { isUsableJson, jsonProblem } from '../../../../dashboard/src/json-view/json-problem.ts';
import { violationsText } from '../../../../dashboard/src/json-view/violation-words.ts';
import { compileSchema } from '../../../../src/json-schema/compile-schema.ts';

describe('what is wrong with text that is no JSON', () => {
  test.each([
    ['{\n  "a": 1,\n}', 'Line 3, column 1: the comma before } is too much.'],
    ['{a: 1}', 'Line 1, column 2: a is no JSON: names and text need double quotes.'],
    ["{'a': 1}", "Line 1, column 2: 'a' is no JSON: names and text need double quotes."],
    ['{"a" 1}', 'Line 1, column 6: a colon is missing.'],
    ['{"a":}', 'Line 1, column 6: a value is missing.'],
    ['[1, ]', 'Line 1, column 5: the comma before ] is too much.'],
    ['{"a": 1\n "b": 2}', 'Line 2, column 2: a comma is missing.'],
    ['{"a": "x', 'Line 1, column 7: a closing double quote is missing.'],
    ['{"a": True}', 'Line 1, column 7: True is no JSON: names and text need double quotes.'],
    ['{"a": 1', 'Line 1, column 8: a closing } is missing.'],
    ['{"a": [1}', 'Line 1, column 9: } does not close the bracket that is open.'],
    ['// x\n{}', 'Line 1, column 1: JSON has no comments.'],
    ['{} {}', 'Line 1, column 4: the JSON ends before this.'],
    ['"\\x"', 'Line 1, column 1: after the backslash, only " \\ / b f n r t or u may follow.'],
    ['"a\tb"', 'Line 1, column 1: inside of text, write a line break as \\n and a tab as \\t.'],
    [' ', 'Write JSON, such as {}.'],
  ])('%j', (text, sentence) => {
    expect(jsonProblem(text)).toBe(sentence);
  });

  test('is nothing for JSON, and for an empty field that may be empty', () => {
    for (const text of ['{}', ' [1, "a", null] ', '12345678901234567890', '"text"'])
      expect(jsonProblem(text)).toBeUndefined();
    expect([isUsableJson(''), isUsableJson('', true), isUsableJson('{', true)]).toEqual([false, true, false]);
  });
});

describe('what a schema does not allow', () => {
  test('is said of the member and its line, in words', () => {
    const schema = {
      type: 'object',
      required: ['order'],
      additionalProperties: false,
      properties: {
        order: { type: 'integer', minimum: 1 },
        name: { type: ['string', 'null'], maxLength: 3 },
        items: { type: 'array', minItems: 1, items: { type: 'object', required: ['price'] } },
        state: { enum: ['paid'] },
      },
    };
    const sentences = (text: string): string | undefined => {
      const compiled = compileSchema(JSON.stringify(schema));
      if ('problems' in compiled) throw new Error('the schema is wrong');
      const errors = compiled
        .check(JSON.parse(text), text.length)
        .map(({ pointer, detail }) => ({ pointer: `/data${pointer}`, detail }));
      return violationsText(errors, '/data', text, 'data');
    };

    expect(sentences('{"order": 1}')).toBeUndefined();
    expect(sentences('[]')).toBe('The data must be an object in { }.');
    expect(sentences('{}')).toBe('Line 1: order is missing.');
    expect(sentences('{\n  "order": 0\n}')).toBe('Line 2: order must be at least 1.');
    expect(sentences('{\n  "order": "1"\n}')).toBe('Line 2: order must be a whole number.');
    expect(sentences('{"order": 1,\n\n"name": 5}')).toBe('Line 3: name must be text or null.');
    expect(sentences('{"order": 1, "name": "four"}')).toBe('Line 1: name must have at most 3 characters.');
    expect(sentences('{"order": 1, "items": []}')).toBe('Line 1: items must have at least 1 item.');
    expect(sentences('{"order": 1, "items": [\n{"price": 1},\n{}]}')).toBe(
      'Line 3: items[1].price is missing.',
    );
    expect(sentences('{"order": 1, "state": "open"}')).toBe(
      'Line 1: state must be one of the values that the schema lists.',
    );
    expect(sentences('{"order": 1,\n"other": 2}')).toBe('Line 2: other is not allowed here.');
  });

  test('keeps the words of the API for other rules, counts what it does not show, and leaves other fields alone', () => {
    const errors = ['a', 'b', 'c', 'd', 'e'].map((name) => ({
      pointer: `/filter/${name}`,
      detail: 'is no keyword',
    }));
    expect(violationsText(errors, '/filter', '{"a": 1}', 'filter')).toBe(
      'Line 1: a is no keyword. Line 1: b is no keyword. Line 1: c is no keyword. And 2 more.',
    );
    expect(violationsText([{ pointer: '/filter', detail: 'is too long' }], '/filter', '{}', 'filter')).toBe(
      'The filter is too long.',
    );
    expect(violationsText(errors, '/data', '{}', 'data')).toBeUndefined();
  });
});
