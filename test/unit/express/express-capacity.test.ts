import { createExpressCapacity } from '../../../src/express/express-capacity.ts';

const to = (projectId: string, receiver: string) => ({ projectId, receiver });

function takeAll(
  capacity: ReturnType<typeof createExpressCapacity>,
  projectId: string,
  receiverOf: (n: number) => string,
  count = 5_000,
): number {
  let taken = 0;
  for (let n = 0; n < count; n++) if (capacity.take(to(projectId, receiverOf(n)))) taken += 1;
  return taken;
}

test('one receiver gets at most 256 places, and another of its project still gets one', () => {
  const capacity = createExpressCapacity(1_024);

  expect(takeAll(capacity, 'prj_a', () => 'ep_silent')).toBe(256);
  expect(capacity.take(to('prj_a', 'ep_other'))).toBe(true);
});

test('one project gets half of the places, and each further one half of what is free', () => {
  const capacity = createExpressCapacity(1_024);

  expect(takeAll(capacity, 'prj_a', String)).toBe(512);
  expect(takeAll(capacity, 'prj_b', String)).toBe(256);
  expect(takeAll(capacity, 'prj_c', String)).toBe(128);
});

test('released places are free again, for the receiver and for the project', () => {
  const capacity = createExpressCapacity(1_024);
  takeAll(capacity, 'prj_a', () => 'ep_silent');

  for (let n = 0; n < 256; n++) capacity.release(to('prj_a', 'ep_silent'));

  expect(takeAll(capacity, 'prj_a', () => 'ep_silent')).toBe(256);
  for (let n = 0; n < 256; n++) capacity.release(to('prj_a', 'ep_silent'));
  expect(takeAll(capacity, 'prj_a', String)).toBe(512);
});

test('a delivery that gets no place takes none', () => {
  const capacity = createExpressCapacity(4);
  expect(takeAll(capacity, 'prj_a', () => 'ep_a')).toBe(2);

  capacity.release(to('prj_a', 'ep_a'));
  capacity.release(to('prj_a', 'ep_a'));

  expect(takeAll(capacity, 'prj_b', () => 'ep_a')).toBe(2);
});
