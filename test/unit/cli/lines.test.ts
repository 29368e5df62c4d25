import { render, table, textWidth } from '../../../src/cli/client/output/lines.ts';

const plain = (lines: ReturnType<typeof table>) => lines.map((line) => render(line, false));

test('columns are as wide as their widest cell, and the last is not padded', () => {
  expect(
    plain(
      table(
        [
          ['a', 'bbb', 'c'],
          ['aaaa', 'b', ''],
          ['', '', 'end'],
        ],
        '  ',
      ),
    ),
  ).toEqual(['  a      bbb   c', '  aaaa   b', '               end']);
});

test('the width of a cell is that of its escaped text', () => {
  expect(
    plain(
      table([
        ['\u001b[2J', 'x'],
        ['a', 'y'],
      ]),
    ),
  ).toEqual(['\\u001b[2J   x', 'a           y']);
});

test('East Asian characters take two columns, combining marks none', () => {
  expect([textWidth('abc'), textWidth('東京'), textWidth('e\u0301'), textWidth('🙂')]).toEqual([3, 4, 1, 2]);
});

test('colours surround the escaped text of a span, and are left out on request', () => {
  const line = ['a ', { text: 'bad\u001b', tone: 'bad' as const }];
  expect(render(line, true)).toBe('a \u001b[31mbad\\u001b\u001b[39m');
  expect(render(line, false)).toBe('a bad\\u001b');
});

test('a table without rows has no lines', () => {
  expect(table([])).toEqual([]);
});
