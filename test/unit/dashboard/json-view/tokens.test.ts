import { prettyTokens } from '../../../../dashboard/src/json-view/tokens.ts';

const pretty = (json: string, isCut = false): string | undefined =>
  prettyTokens(json, isCut)
    ?.map(({ text }) => text)
    .join('');

test('JSON is indented without changing a number, a string or a key that comes twice', () => {
  const json =
    '{"id":12345678901234567890,"price":1.0,"a":1,"a":2,"e":{},"list":[1,[]],"text":"\\u00e9 \\" }"}';
  expect(pretty(json)).toBe(`{
  "id": 12345678901234567890,
  "price": 1.0,
  "a": 1,
  "a": 2,
  "e": {},
  "list": [
    1,
    []
  ],
  "text": "\\u00e9 \\" }"
}`);
});

test('without what was added between the tokens it is the same text', () => {
  const json = '{"a":[true,false,null,-1e400,"x:y,z{"],"b":{"c":[[[]]]}}';
  expect(
    prettyTokens(json)!
      .filter(({ kind }) => kind !== 'space')
      .map(({ text }) => text)
      .join(''),
  ).toBe(json);
});

test('keys are told from values', () => {
  const kinds = prettyTokens('{"a":"b"}')!.map(({ kind, text }) => [kind, text]);
  expect(kinds).toContainEqual(['key', '"a"']);
  expect(kinds).toContainEqual(['string', '"b"']);
});

test('what is not JSON is left alone', () => {
  for (const text of ['', '<html>', '{"a":', '[1,2', '{"a":1}}', '/* note */ {"a":1}', "{'a':1}"])
    expect([text, pretty(text)]).toEqual([text, undefined]);
});

test('the beginning of a long body is indented too', () => {
  expect(pretty('{"a":[1,"unfin', true)).toBe('{\n  "a": [\n    1,\n    "unfin');
});

test('a body of brackets alone costs no more than a bounded indent for each', () => {
  const text = pretty('['.repeat(65_536), true)!;
  expect(text.length).toBeLessThan(65_536 * 50);
});
