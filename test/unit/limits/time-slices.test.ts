import { createFairSemaphore } from '../../../src/limits/fair-semaphore.ts';
import { SharedCapacity, sharesOf } from '../../../src/limits/shared-capacity.ts';
import { createTimeSlices } from '../../../src/limits/time-slices.ts';

describe('shared room', () => {
  const fill = (room: SharedCapacity, name: string): number => {
    const shares = sharesOf(name, null);
    while (room.hasCapacity(shares, 1)) room.take(shares, 1);
    return room.heldBy(name);
  };

  test('leaves half to others when one tenant fills it, a third when two do, and never nothing', () => {
    const room = new SharedCapacity(1_200);
    expect(fill(room, 'a')).toBe(600);
    expect(fill(room, 'b')).toBe(300);
    for (let i = 0; i < 5; i++) expect(fill(room, `tenant-${i}`)).toBeGreaterThan(0);
  });

  test('gives back what was taken', () => {
    const room = new SharedCapacity(100);
    const shares = sharesOf('a', 'jane');
    room.take(shares, 10);
    room.release(shares, 10);
    expect(room.heldBy(shares[0]!.name)).toBe(0);
    expect(fill(room, 'b')).toBe(50);
  });
});

describe('fair turns', () => {
  test('run so much at a time, in all and of a group, and let groups take turns', async () => {
    const inTurn = createFairSemaphore(3, 2);
    const running: string[] = [];
    const begun: string[] = [];
    let most = 0;
    const work = (group: string) =>
      inTurn(group, async () => {
        begun.push(group);
        running.push(group);
        most = Math.max(most, running.length);
        expect(running.filter((one) => one === group).length).toBeLessThanOrEqual(2);
        await new Promise(setImmediate);
        running.splice(running.indexOf(group), 1);
      });
    await Promise.all([...Array.from({ length: 30 }, () => work('a')), work('b'), work('c')]);
    expect(most).toBe(3);
    expect(Math.max(begun.indexOf('b'), begun.indexOf('c'))).toBeLessThan(6);
  });

  test('what fails gives its turn to the next', async () => {
    const inTurn = createFairSemaphore(1, 1);
    const failing = inTurn('a', () => Promise.reject(new Error('no')));
    const next = inTurn('a', async () => 'done');
    await expect(failing).rejects.toThrow('no');
    expect(await next).toBe('done');
  });
});

test('of long work one slice runs in a turn of the event loop, group by group', async () => {
  let now = 0;
  const slicesOf = createTimeSlices(() => now);
  const order: string[] = [];
  let turns = 0;
  const counting = setInterval(() => {}, 1);
  const countTurn = (): void => {
    turns += 1;
    if (order.length < 12) setImmediate(countTurn);
  };
  setImmediate(countTurn);
  const work = async (group: string): Promise<void> => {
    const slices = slicesOf(group);
    for (let step = 0; step < 3; step++) {
      await slices.yieldIfDue();
      order.push(group);
      now += 100;
    }
  };
  await Promise.all([work('a'), work('a'), work('a'), work('b')]);
  clearInterval(counting);
  expect(order.slice(0, 8).filter((group) => group === 'b')).toHaveLength(3);
  expect(turns).toBeGreaterThanOrEqual(11);
});
