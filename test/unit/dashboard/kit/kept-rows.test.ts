import { inOrder, keptRows, waitingAmong } from '../../../../dashboard/src/kit/lists/kept-rows.ts';

type Row = { id: string; state?: string };
const rows = (...ids: string[]): Row[] => ids.map((id) => ({ id }));

describe('rows that are held', () => {
  test('stay in their places while newer ones come, and take on what has changed of them', () => {
    const now = [{ id: 'd' }, { id: 'c' }, { id: 'b', state: 'delivered' }, { id: 'a' }];
    expect(keptRows(rows('b', 'a'), now)).toEqual([{ id: 'b', state: 'delivered' }, { id: 'a' }]);
    expect(waitingAmong(rows('b', 'a'), now)).toBe('2');
  });

  test('stay when so many have come that the list has none of them any more', () => {
    expect(keptRows(rows('b', 'a'), rows('z', 'y', 'x'))).toEqual(rows('b', 'a'));
    expect(waitingAmong(rows('b', 'a'), rows('z', 'y', 'x'))).toBe('3+');
  });

  test('stay when one of them fits the filter no more, and one between them does', () => {
    expect(keptRows(rows('d', 'b', 'a'), rows('d', 'c', 'a'))).toEqual(rows('d', 'b', 'a'));
    expect(waitingAmong(rows('d', 'b', 'a'), rows('d', 'c', 'a'))).toBe('');
  });

  test('are followed by older ones that were asked for', () => {
    expect(keptRows(rows('d', 'c'), rows('e', 'd', 'c', 'b', 'a'))).toEqual(rows('d', 'c', 'b', 'a'));
  });

  test('wait for nothing in a list that is empty', () => {
    expect(waitingAmong([], [])).toBe('');
    expect(waitingAmong(rows('a'), [])).toBe('');
  });
});

test('a list in use keeps its order, without what is gone, and what is new comes last', () => {
  const named = (text: string): string[] => text.split('');
  expect(inOrder(named('abc'), named('xcba'), (name) => name)).toEqual(named('abcx'));
  expect(inOrder(named('abc'), named('ca'), (name) => name)).toEqual(named('ac'));
  expect(inOrder([], named('cab'), (name) => name)).toEqual(named('cab'));
});
