import { setImmediate as nextIteration } from 'node:timers/promises';
import { createMatchWork, type MatchWork } from '../../../../src/dispatch/accept/match-work.ts';
import type { Scope } from '../../../../src/store/events/accept/match-weights.ts';
import type { EventDraft } from '../../../../src/store/events/event-draft.ts';

const MINUTE = 60_000;
/** Of a scope, by its project. */
let weights: Map<string, number>;
let asked: string[][];
let heavy: string[];
let now: number;
let work: MatchWork;

beforeEach(() => {
  weights = new Map();
  asked = [];
  heavy = [];
  now = 0;
  const weightsOf = async (scopes: Scope[]): Promise<number[]> => {
    asked.push(scopes.map(({ projectId, consumer }) => `${projectId}/${consumer}`));
    return scopes.map(({ projectId }) => {
      const weight = weights.get(projectId);
      if (weight === undefined) throw new Error('Postgres is away');
      return weight;
    });
  };
  work = createMatchWork(
    weightsOf,
    (projectId) => heavy.push(projectId),
    () => now,
  );
});

/** Of three patterns. */
const typed = (n: number, projectId = 'a', consumer: string | null = null) =>
  ({ projectId, consumer, type: `type.${n}`, target: null }) as EventDraft;

/** How many of `count` types a new transaction admits. */
const admitted = (count: number, projectId?: string): number => {
  const admits = work.newTransaction();
  return Array.from({ length: count }, (_, n) => typed(n, projectId)).filter(admits).length;
};

test('few types are admitted without a query, and any number of events of them', () => {
  const admits = work.newTransaction();
  const drafts = Array.from({ length: 500 }, (_, n) => typed(n % 5));

  expect(drafts.every(admits)).toBe(true);
  expect(drafts.every((_, n) => admits(typed(0, 'a', `consumer-${n}`)))).toBe(true);
  expect(asked).toEqual([]);
});

test('further types wait until their scope is weighed, and then as many are admitted as its weight allows', async () => {
  weights.set('a', 50_000).set('b', 1);
  expect([admitted(100, 'a'), admitted(100, 'b')]).toEqual([5, 5]);
  await nextIteration();

  expect(asked).toEqual([['a/null'], ['b/null']]);
  expect([admitted(100, 'a'), admitted(100, 'b')]).toEqual([13, 100]);
  expect(heavy).toEqual([]);
});

test('a type with many patterns counts as much as several with few, and is admitted as the first', () => {
  const long = { ...typed(0), type: 'a.b'.repeat(20) };
  const admits = work.newTransaction();

  expect([long, typed(1), long].map(admits)).toEqual([true, false, true]);
});

test('a heavy scope is reported after a slow transaction, and weighed again after a minute', async () => {
  weights.set('a', 1_100_000).set('b', 1);
  const scopes = [typed(0, 'a'), typed(1, 'a'), typed(0, 'b')];
  work.weigh(scopes);
  await nextIteration();
  work.weigh(scopes);
  expect([asked, heavy]).toEqual([[['a/null', 'b/null']], ['a']]);

  now = MINUTE + 1;
  work.weigh(scopes);
  await nextIteration();
  expect([asked.length, heavy]).toEqual([2, ['a', 'a']]);
});

test('a scope that could not be weighed is weighed for the next transaction', async () => {
  expect(admitted(100)).toBe(5);
  await nextIteration();
  weights.set('a', 1);
  expect(admitted(100)).toBe(5);
  await nextIteration();

  expect(admitted(100)).toBe(100);
});

test('many scopes of one project share its limit once a transaction was slow, and those of others have their own', async () => {
  weights.set('a', 100_000).set('b', 100_000);
  const ofConsumers = (projectId: string) =>
    Array.from({ length: 100 }, (_, n) => typed(0, projectId, `consumer-${n}`));
  const newlyAdmitted = (): number[] => {
    const admits = work.newTransaction();
    return ['a', 'b'].map((projectId) => ofConsumers(projectId).filter(admits).length);
  };
  expect(newlyAdmitted()).toEqual([100, 100]);

  work.weigh([...ofConsumers('a'), ...ofConsumers('b')]);
  await nextIteration();

  expect(newlyAdmitted()).toEqual([6, 6]);
  expect(heavy).toEqual([]);
});

test('the first post of a project is always admitted, and if its type compares too much, no other type', async () => {
  weights.set('a', 240_000);
  const long = { ...typed(0), type: 'a.b'.repeat(20) };
  work.weigh([long]);
  await nextIteration();
  const admits = work.newTransaction();

  expect([long, typed(1), typed(2, 'a', 'other'), long].map(admits)).toEqual([true, false, false, true]);
});
