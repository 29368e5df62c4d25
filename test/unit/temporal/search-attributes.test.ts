import type { Assignment } from '../../../src/store/deliveries/assignments/assignment.ts';
import { searchAttributesOf } from '../../../src/temporal/search-attributes.ts';

/** 30 characters, like the ids that Posthorn generates. */
const idOf = (n: number): string => `evt_${String(n).padStart(26, '0')}`;

const groupOf = (events: number, perEvent: number, typeOf: (event: number) => string): Assignment => ({
  workflowId: 'prj_1/group/1',
  projectId: 'prj_1',
  policy: '',
  lane: 'fast',
  deliveries: Array.from({ length: events * perEvent }, (_, n) => {
    const event = Math.floor(n / perEvent);
    return { id: `dlv_${n}`, step: 0, eventId: idOf(event), type: typeOf(event) };
  }),
});

test('a workflow is found by its project, and by each event and type once', () => {
  expect(searchAttributesOf(groupOf(2, 3, () => 'render.completed'))).toEqual({
    PosthornProject: ['prj_1'],
    PosthornEventType: ['render.completed'],
    PosthornEventId: [idOf(0), idOf(1)],
  });
});

test('a group has the ids of all its events or of none', () => {
  const idsOf = (events: number) => searchAttributesOf(groupOf(events, 1, () => 'a')).PosthornEventId;

  expect(idsOf(62)).toHaveLength(62);
  expect(JSON.stringify(idsOf(62)).length).toBeLessThanOrEqual(2_048);
  expect(idsOf(63)).toBeUndefined();
});

test('event types that exceed the size of the attribute are left out', () => {
  const { PosthornEventType: types } = searchAttributesOf(
    groupOf(100, 1, (event) => `${event}`.padStart(64, 'x')),
  );

  expect(types).toHaveLength(30);
  expect(JSON.stringify(types).length).toBeLessThanOrEqual(2_048);
});
