import { createFilterEvaluator } from '../../../src/filters/filter-evaluator.ts';
import type { EventDraft } from '../../../src/store/events/event-draft.ts';
import type { Queryable } from '../../../src/store/postgres/database.ts';

const draft = (changes: Partial<EventDraft> = {}): EventDraft =>
  ({
    projectId: 'prj_a',
    consumer: null,
    type: 'a.b',
    attributes: {},
    data: Buffer.from('{}'),
    ...changes,
  }) as EventDraft;

const TYPE_IS_A_B = { hash: 'h', text: '{"properties":{"type":{"const":"a.b"}}}' };

/** A database in which the consumers named have a filter. Counts the statements that are under way. */
function databaseWith(filteredConsumers: (string | null)[]) {
  const most = { statements: 0, texts: 0 };
  const underWay = { statements: 0, texts: 0 };
  const query = async (text: string, [, consumer]: [string, string | null]) => {
    const readsTexts = text.includes('AS text');
    underWay.statements += 1;
    if (readsTexts) underWay.texts += 1;
    most.statements = Math.max(most.statements, underWay.statements);
    most.texts = Math.max(most.texts, underWay.texts);
    await new Promise((resolve) => setTimeout(resolve, 2));
    underWay.statements -= 1;
    if (readsTexts) underWay.texts -= 1;
    const isFiltered = filteredConsumers.includes(consumer);
    if (readsTexts) return { rows: isFiltered ? [TYPE_IS_A_B] : [] };
    return { rows: [{ found: isFiltered }] };
  };
  return { db: { query } as unknown as Queryable, most };
}

test('the filters of a project are read by one post at a time, so that many posts neither fill memory nor take all connections', async () => {
  const { db, most } = databaseWith([null]);
  const evaluate = createFilterEvaluator(db);

  const evaluated = await Promise.all(Array.from({ length: 50 }, () => evaluate([draft()])));

  expect(evaluated.flat().map(({ filterVerdicts }) => filterVerdicts)).toEqual(
    Array.from({ length: 50 }, () => new Map([['h', true]])),
  );
  expect(most.texts).toBe(1);
  expect(most.statements).toBeLessThanOrEqual(8);
});

test('a post of a consumer without filters does not wait for those with filters, and a batch reads filters once', async () => {
  const { db } = databaseWith(['alice']);
  const evaluate = createFilterEvaluator(db);

  const slow = Promise.all(Array.from({ length: 50 }, () => evaluate([draft({ consumer: 'alice' })])));
  const first = await Promise.race([slow.then(() => 'filtered'), evaluate([draft({ consumer: 'bob' })])]);
  expect(first).toEqual([{ ...draft({ consumer: 'bob' }), filterVerdicts: new Map() }]);
  await slow;

  const batch = await evaluate(['alice', 'bob', 'alice'].map((consumer) => draft({ consumer, type: 'c.d' })));
  expect(batch.map(({ filterVerdicts }) => [...filterVerdicts!])).toEqual([
    [['h', false]],
    [],
    [['h', false]],
  ]);
});
