import { matchesIn, piecesOf } from '../../../../dashboard/src/json-view/matches.ts';

test('what is found in a body is marked across its tokens, whatever the case', () => {
  const tokens = [
    { kind: 'key' as const, text: '"Job"' },
    { kind: 'punctuation' as const, text: ':' },
    { kind: 'number' as const, text: '17' },
  ];
  const matches = matchesIn('"Job":17', 'job":1');
  expect(matches).toEqual([[1, 7]]);
  expect(piecesOf(tokens, matches).map(({ text, match }) => [text, match])).toEqual([
    ['"', undefined],
    ['Job"', 0],
    [':', 0],
    ['1', 0],
    ['7', undefined],
  ]);
  expect(matchesIn('a.b axb', 'a.b')).toEqual([[0, 3]]);
});
