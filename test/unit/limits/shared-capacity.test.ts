import { SharedCapacity, sharesOf } from '../../../src/limits/shared-capacity.ts';

const fill = (capacity: SharedCapacity, name: string): number => {
  const shares = sharesOf(name, null);
  while (capacity.hasCapacity(shares, 1)) capacity.take(shares, 1);
  return capacity.heldBy(name);
};

test('one busy tenant gets half of the capacity, two get a third each, and an idle tenant always finds some', () => {
  const capacity = new SharedCapacity(1_200);
  expect(fill(capacity, 'a')).toBe(600);
  expect(fill(capacity, 'b')).toBe(300);
  for (let i = 0; i < 5; i++) expect(fill(capacity, `tenant-${i}`)).toBeGreaterThan(0);
});

test('capacity that was released can be taken again', () => {
  const capacity = new SharedCapacity(100);
  const shares = sharesOf('a', 'jane');
  capacity.take(shares, 10);
  capacity.release(shares, 10);
  expect(capacity.heldBy(shares[0]!.name)).toBe(0);
  expect(fill(capacity, 'b')).toBe(50);
});
