import { StartSlots } from '../../../../src/dispatch/groups/start-slots.ts';
import { MAX_DELIVERIES } from '../../../../src/policy/workflow-size.ts';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

const takeFull = (slots: StartSlots, projectId: string): (() => void)[] => {
  const returns: (() => void)[] = [];
  while (slots.allowsFull(projectId)) returns.push(slots.take(projectId, MAX_DELIVERIES, true));
  return returns;
};

test('a project alone gets half of the slots, and another always finds one', () => {
  const slots = new StartSlots('auto');
  expect(takeFull(slots, 'prj_a')).toHaveLength(16);
  expect(takeFull(slots, 'prj_b')).toHaveLength(8);
  for (let i = 0; slots.held < 32; i++) expect(takeFull(slots, `prj_${i}`).length).toBeGreaterThan(0);
  expect(slots.allowsFull('prj_z')).toBe(false);
});

test('two groups that are not full may start, and two overdue groups of each other project', () => {
  const slots = new StartSlots('auto');
  const returns = [slots.take('prj_a', 0, false), slots.take('prj_a', 0, false)];
  expect([slots.allowsPartial(), slots.allowsOverdue('prj_a'), slots.allowsFull('prj_a')]).toEqual([
    false,
    false,
    true,
  ]);
  expect(slots.allowsOverdue('prj_b')).toBe(true);

  for (const giveBack of returns) giveBack();
  expect([slots.allowsPartial(), slots.allowsOverdue('prj_a'), slots.held]).toEqual([true, true, 0]);
});

test('a project is idle 250 ms after it took its last slot, if it holds none', () => {
  const slots = new StartSlots('auto');
  expect(slots.isIdle('prj_a')).toBe(true);
  slots.take('prj_a', MAX_DELIVERIES, true)();
  expect(slots.isIdle('prj_a')).toBe(false);
  jest.advanceTimersByTime(251);
  expect(slots.isIdle('prj_a')).toBe(true);

  slots.take('prj_a', MAX_DELIVERIES, true);
  jest.advanceTimersByTime(251);
  expect(slots.isIdle('prj_a')).toBe(false);
});

test('without grouping a project may hold 64 slots', () => {
  const slots = new StartSlots('never');
  const taken = [];
  while (slots.allowsPartial()) taken.push(slots.take('prj_a', 0, false));
  expect(taken).toHaveLength(64);
});

test('after a start of n deliveries, the next partial group waits 1.5 ms for each; full groups do not', () => {
  const slots = new StartSlots('auto');
  slots.take('prj_a', 40, false);
  expect([slots.msUntilPartial(), slots.allowsFull('prj_a'), slots.allowsOverdue('prj_b')]).toEqual([
    60,
    true,
    true,
  ]);
  jest.advanceTimersByTime(60);
  expect(slots.msUntilPartial()).toBe(0);

  slots.take('prj_a', 1, false);
  expect(slots.msUntilPartial()).toBe(Number.POSITIVE_INFINITY);
});

test('no start delays the next partial group by more than 150 ms', () => {
  const slots = new StartSlots('auto');
  slots.take('prj_a', MAX_DELIVERIES, true);
  expect(slots.msUntilPartial()).toBe(150);
});
