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
    owner: null,
    createdAt: new Date(),
  }));

const idsOf = (all: { id: string }[]): string[] => all.map(({ id }) => id);

test('a group is not to be taken before each of its deliveries is stored', () => {
  const groups = createGroupBuffer();
  const [first, second] = [deliveries(2), deliveries(1)];
  groups.add('key', first);
  groups.add('key', second);
  const owner = first[0]!.owner!;
  expect(second[0]!.owner).toBe(owner);

  groups.markCommitted(owner, first);
  expect(groups.take('open')).toBeNull();
  groups.markCommitted(owner, second);
  expect(idsOf(groups.take('open')!.deliveries)).toEqual(idsOf([...first, ...second]));
  expect(groups.take('open')).toBeNull();
});

test('a group that is full takes no more, and the next one opens', () => {
  const groups = createGroupBuffer();
  const many = deliveries(130);
  groups.add('key', many);
  const owners = Map.groupBy(many, ({ owner }) => owner!);
  expect([...owners.values()].map(({ length }) => length)).toEqual([100, 30]);

  for (const [owner, company] of owners) groups.markCommitted(owner, company);
  expect(groups.take('full')!.deliveries).toHaveLength(100);
  expect(groups.take('full')).toBeNull();
  expect(groups.take('open')!.deliveries).toHaveLength(30);
});

test('what was not stored leaves its group, and the others travel without it', () => {
  const groups = createGroupBuffer();
  const [stored, lost] = [deliveries(2), deliveries(3)];
  groups.add('key', [...stored, ...lost]);
  const owner = stored[0]!.owner!;
  groups.markCommitted(owner, stored);
  expect(groups.markAbandoned(owner, lost)).toBe(true);
  expect(idsOf(groups.take('open')!.deliveries)).toEqual(idsOf(stored));
  expect(groups.markAbandoned(owner, lost)).toBe(false);
});

test('a group of which nothing was stored is gone', () => {
  const groups = createGroupBuffer();
  const lost = deliveries(3);
  groups.add('key', lost);
  groups.markAbandoned(lost[0]!.owner!, lost);
  expect([groups.hasOpenGroup('key'), groups.hasReadyOpenGroup(), groups.takeAll()]).toEqual([
    false,
    false,
    [],
  ]);
});

test('past sixteen full groups the rest is left to wait in Postgres', () => {
  const groups = createGroupBuffer();
  expect(groups.add('key', deliveries(1_600))).toBe(true);
  const late = deliveries(1);
  expect(groups.add('key', late)).toBe(false);
  expect(late[0]!.owner).toBeNull();
});
