import { Group, type GroupEvent } from '../../../../src/dispatch/groups/group.ts';
import { StartSlots } from '../../../../src/dispatch/groups/start-slots.ts';
import { MAX_DELIVERIES } from '../../../../src/policy/workflow-size.ts';
import { assignedOf, newDeliveries, POLICY } from '../new-deliveries.ts';

const slots = new StartSlots('auto');
const kind = { projectId: 'prj_a', policy: POLICY, lane: 'fast' as const };

function newGroup(...events: GroupEvent[]): Group {
  const group = new Group('group/prj_a/1', kind, slots);
  group.reserve(1);
  for (const event of events) group.move(event);
  return group;
}

test.each<[GroupEvent[], string, number]>([
  [[], 'forming', 0],
  [['fill'], 'full', 0],
  [['fill', 'permit'], 'permitted', 1],
  [['permit', 'start'], 'started', 1],
  [['permit', 'start', 'end'], 'ended', 0],
  [['permit', 'end'], 'ended', 0],
  [['end'], 'ended', 0],
])('after %j a group is %s and holds %i slots', (events, state, held) => {
  const before = slots.held;
  const group = newGroup(...events);

  expect(group.state).toBe(state);
  expect(slots.held - before).toBe(held);
});

test.each<[GroupEvent[], GroupEvent]>([
  [[], 'start'],
  [['permit'], 'permit'],
  [['permit', 'start'], 'start'],
  [['permit', 'start', 'end'], 'end'],
  [['end'], 'permit'],
])('after %j the event %s is an error', (events, event) => {
  expect(() => newGroup(...events).move(event)).toThrow('has no transition');
});

test('a group is full at its largest size, and ends when none of its deliveries was stored', () => {
  const group = newGroup();
  group.reserve(MAX_DELIVERIES - 1);
  expect(group.state).toBe('full');

  group.settle([], MAX_DELIVERIES);
  expect(group.state).toBe('ended');
});

test('a group is complete once each reserved delivery is stored or lost', () => {
  const group = newGroup();
  group.reserve(2);
  const deliveries = assignedOf(newDeliveries(2));

  group.settle([deliveries[0]!], 1);
  expect(group.isStored).toBe(false);
  group.settle([deliveries[1]!], 0);

  expect(group.isStored).toBe(true);
  expect(group.assignment).toEqual({ workflowId: 'group/prj_a/1', ...kind, deliveries });
});
