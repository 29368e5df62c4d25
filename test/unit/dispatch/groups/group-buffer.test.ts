import { setTimeout as sleep } from 'node:timers/promises';
import type { Group } from '../../../../src/dispatch/groups/group.ts';
import { GroupBuffer } from '../../../../src/dispatch/groups/group-buffer.ts';
import { StartSlots } from '../../../../src/dispatch/groups/start-slots.ts';
import { MAX_DELIVERIES } from '../../../../src/policy/workflow-size.ts';
import type { NewDelivery } from '../../../../src/store/events/accept/accept-events.ts';
import { assignedOf, newDeliveries } from '../new-deliveries.ts';

const MAX_WAIT_MS = 250;

const newBuffer = () => new GroupBuffer(new StartSlots('auto'), MAX_WAIT_MS);

/** Returns the group of each delivery, or null if there is no capacity. */
function reserve(buffer: GroupBuffer, deliveries: NewDelivery[], key = 'key'): Group[] | null {
  const groups = new Map<NewDelivery, Group>();
  return buffer.reserve(key, deliveries, groups) ? deliveries.map((delivery) => groups.get(delivery)!) : null;
}

function lose(buffer: GroupBuffer, group: Group, count: number): void {
  buffer.settle(group, [], count);
}

const idsOf = (all: { id: string }[]): string[] => all.map(({ id }) => id);

test('a group cannot be taken before each of its deliveries is stored', () => {
  const buffer = newBuffer();
  const [first, second] = [newDeliveries(2), newDeliveries(1)];
  const [group] = reserve(buffer, first)!;
  expect(reserve(buffer, second)).toEqual([group]);

  group!.settle(assignedOf(first), 0);
  expect(buffer.takePartial()).toBeNull();
  group!.settle(assignedOf(second), 0);
  expect(idsOf(buffer.takePartial()!.assignment.deliveries)).toEqual(idsOf([...first, ...second]));
  expect(buffer.takePartial()).toBeNull();
});

test('an overdue group that waits for a commit takes no more: overlapping transactions cannot delay it', async () => {
  const buffer = new GroupBuffer(new StartSlots('auto'), 20);
  const [first, second] = [newDeliveries(1), newDeliveries(1)];
  const [group] = reserve(buffer, first)!;
  await sleep(25);

  const [other] = reserve(buffer, second)!;
  expect(other).not.toBe(group);
  group!.settle(assignedOf(first), 0);
  expect(buffer.takeReady()).toBe(group);
  expect(reserve(buffer, newDeliveries(1))).toEqual([other]);
});

test('a full group takes no more deliveries, and a new group opens', () => {
  const buffer = newBuffer();
  const many = newDeliveries(MAX_DELIVERIES + 30);
  const groups = reserve(buffer, many)!;
  const shares = Map.groupBy(many, (delivery) => groups[many.indexOf(delivery)]!);
  expect([...shares.values()].map(({ length }) => length)).toEqual([MAX_DELIVERIES, 30]);

  for (const [group, batch] of shares) group.settle(assignedOf(batch), 0);
  expect(buffer.takeReady()!.assignment.deliveries).toHaveLength(MAX_DELIVERIES);
  expect(buffer.takeReady()).toBeNull();
  expect(buffer.takePartial()!.assignment.deliveries).toHaveLength(30);
});

test('deliveries that were not stored leave their group, and the others start without them', () => {
  const buffer = newBuffer();
  const [stored, lost] = [newDeliveries(2), newDeliveries(3)];
  const [group] = reserve(buffer, [...stored, ...lost])!;
  group!.settle(assignedOf(stored), 0);
  lose(buffer, group!, 3);
  expect(idsOf(buffer.takePartial()!.assignment.deliveries)).toEqual(idsOf(stored));
});

test('a group without any stored delivery is removed', () => {
  const buffer = newBuffer();
  const [group] = reserve(buffer, newDeliveries(3))!;
  lose(buffer, group!, 3);
  expect([buffer.isForming('key'), buffer.takePartial(), buffer.close()]).toEqual([false, null, []]);
});

test('beyond 1,600 buffered deliveries of a project, more get no group and wait in Postgres, until some have left', () => {
  const buffer = newBuffer();
  const [first] = reserve(buffer, newDeliveries(1_600))!;
  expect(reserve(buffer, newDeliveries(1))).toBeNull();
  expect(reserve(buffer, newDeliveries(1, { projectId: 'prj_b' }), 'other')).toHaveLength(1);

  lose(buffer, first!, 100);
  expect(reserve(buffer, newDeliveries(50))).toHaveLength(50);
});

test('projects take turns, and one that holds too many slots is passed over', () => {
  const slots = new StartSlots('auto');
  const buffer = new GroupBuffer(slots, MAX_WAIT_MS);
  for (const projectId of ['prj_a', 'prj_b', 'prj_a', 'prj_c', 'prj_a']) {
    const deliveries = newDeliveries(MAX_DELIVERIES, { projectId });
    reserve(buffer, deliveries, projectId)![0]!.settle(assignedOf(deliveries), 0);
  }
  const returns = [];
  while (slots.allowsFull('prj_b')) returns.push(slots.take('prj_b', MAX_DELIVERIES, true));

  const projects = Array.from({ length: 4 }, () => buffer.takeReady()?.kind.projectId);
  expect(projects).toEqual(['prj_a', 'prj_c', 'prj_a', 'prj_a']);
  expect(buffer.takeReady()).toBeNull();
  for (const giveBack of returns) giveBack();
  expect(buffer.takeReady()!.kind.projectId).toBe('prj_b');
});

test('the next group is found without visiting the groups of all projects', () => {
  const slots = new StartSlots('auto');
  const visits = jest.spyOn(slots, 'allowsFull');
  const buffer = new GroupBuffer(slots, 0);
  for (let i = 0; i < 1_000; i++) {
    const deliveries = newDeliveries(1, { projectId: `prj_${i}` });
    reserve(buffer, deliveries, `${i}`)![0]!.settle(assignedOf(deliveries), 0);
  }

  const taken = [];
  for (let group = buffer.takeReady(); group; group = buffer.takeReady()) taken.push(group);

  expect(taken).toHaveLength(32);
  expect(visits.mock.calls.length).toBeLessThan(100);
});

describe('with a clock', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  test('a partial group is overdue after its wait, and still takes deliveries', () => {
    const buffer = newBuffer();
    const [first, second] = [newDeliveries(1), newDeliveries(1)];
    const [group] = reserve(buffer, first)!;
    group!.settle(assignedOf(first), 0);
    jest.advanceTimersByTime(MAX_WAIT_MS - 1);
    expect(buffer.takeReady()).toBeNull();
    jest.advanceTimersByTime(1);

    expect(reserve(buffer, second)).toEqual([group]);
    expect(buffer.takeReady()).toBeNull();
    group!.settle(assignedOf(second), 0);
    expect(buffer.takeReady()).toBe(group);
    expect(group!.size).toBe(2);
  });
});
