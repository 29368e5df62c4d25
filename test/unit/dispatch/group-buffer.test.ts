import { createGroupBuffer } from '../../../src/dispatch/group-buffer.ts';
import { serializePolicy } from '../../../src/policy/retry-policy.ts';
import type { NewDelivery } from '../../../src/store/events/accept-events.ts';

const policy = serializePolicy({ delays: [60], timeout: 15, jitter: 0 });
let last = 0;

const deliveries = (count: number): NewDelivery[] =>
  Array.from({ length: count }, () => ({
    id: `dlv_${++last}`,
    projectId: 'prj_a',
    eventId: `evt_${last}`,
    type: 'a.b',
    endpointId: 'ep_a',
    receiver: 'ep_a',
    consumer: null,
    policy,
    lane: 'fast',
    waitingFor: null,
    createdAt: new Date(),
  }));

const idsOf = (all: { id: string }[]): string[] => all.map(({ id }) => id);

test('a group cannot be taken before each of its deliveries is stored', () => {
  const buffer = createGroupBuffer();
  const [first, second] = [deliveries(2), deliveries(1)];
  const [owner] = buffer.add('key', first)!;
  expect(buffer.add('key', second)).toEqual([owner]);

  buffer.markCommitted(owner!, first);
  expect(buffer.take('partial')).toBeNull();
  buffer.markCommitted(owner!, second);
  expect(idsOf(buffer.take('partial')!.deliveries)).toEqual(idsOf([...first, ...second]));
  expect(buffer.take('partial')).toBeNull();
});

test('a full group takes no more deliveries, and a new group opens', () => {
  const buffer = createGroupBuffer();
  const many = deliveries(130);
  const owned = buffer.add('key', many)!;
  const owners = Map.groupBy(many, (delivery) => owned[many.indexOf(delivery)]!);
  expect([...owners.values()].map(({ length }) => length)).toEqual([100, 30]);

  for (const [owner, batch] of owners) buffer.markCommitted(owner, batch);
  expect(buffer.take('full')!.deliveries).toHaveLength(100);
  expect(buffer.take('full')).toBeNull();
  expect(buffer.take('partial')!.deliveries).toHaveLength(30);
});

test('deliveries that were not stored leave their group, and the others start without them', () => {
  const buffer = createGroupBuffer();
  const [stored, lost] = [deliveries(2), deliveries(3)];
  const [owner] = buffer.add('key', [...stored, ...lost])!;
  buffer.markCommitted(owner!, stored);
  expect(buffer.markAbandoned(owner!, lost)).toBe(true);
  expect(idsOf(buffer.take('partial')!.deliveries)).toEqual(idsOf(stored));
  expect(buffer.markAbandoned(owner!, lost)).toBe(false);
});

test('a group without any stored delivery is removed', () => {
  const buffer = createGroupBuffer();
  const lost = deliveries(3);
  const [owner] = buffer.add('key', lost)!;
  buffer.markAbandoned(owner!, lost);
  expect([buffer.hasOpenGroup('key'), buffer.hasReadyPartialGroup(), buffer.takeAll()]).toEqual([
    false,
    false,
    [],
  ]);
});

test('beyond 16 full groups, deliveries get no owner and wait in Postgres', () => {
  const buffer = createGroupBuffer();
  expect(buffer.add('key', deliveries(1_600))).toHaveLength(1_600);
  expect(buffer.add('key', deliveries(1))).toBeNull();
});
