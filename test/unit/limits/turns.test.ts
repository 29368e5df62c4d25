import { Turns } from '../../../src/limits/turns.ts';

const any = () => true;

test('projects take turns, and items of one project are served in order', () => {
  const turns = new Turns<string>();
  for (const item of ['a1', 'a2', 'b1', 'c1', 'a3']) turns.add(item[0]!, item);

  const served: (string | null)[] = [];
  for (let i = 0; i < 6; i++) {
    const item = turns.next(any, any);
    served.push(item);
    if (item) turns.delete(item[0]!, item);
  }

  expect(served).toEqual(['a1', 'b1', 'c1', 'a2', 'a3', null]);
});

test('what is refused or not ready keeps its place', () => {
  const turns = new Turns<string>();
  for (const item of ['a1', 'b1', 'b2']) turns.add(item[0]!, item);

  expect(
    turns.next(
      (project) => project !== 'a',
      (item) => item !== 'b1',
    ),
  ).toBe('b2');
  expect(turns.next(any, (item) => item !== 'a1')).toBe('b1');
  expect(turns.next(any, any)).toBe('a1');
  turns.delete('c', 'c1');
});
