import { createUndeliverableReporter } from '../../../src/attempts/undeliverable-reporter.ts';
import type { Transition } from '../../../src/store/deliveries/transitions.ts';
import type { Queryable } from '../../../src/store/postgres/database.ts';
import { eventually } from '../../set-up/eventually.ts';

const failed = (eventId: string): Transition =>
  ({ id: `dlv_${eventId}`, projectId: 'p', eventId }) as Transition;

test('however many deliveries become undeliverable, one query at a time reads the profiles of all of them', async () => {
  const batchSizes: number[] = [];
  const failures: unknown[] = [];
  const reports: string[] = [];
  let runningQueries = 0;
  const query = async (_: string, [, events]: [string[], string[]]) => {
    runningQueries += 1;
    expect(runningQueries).toBe(1);
    batchSizes.push(events.length);
    await new Promise((resolve) => setTimeout(resolve, 20));
    runningQueries -= 1;
    if (batchSizes.length === 1) throw new Error('away');
    return { rows: events.map((id) => ({ projectId: 'p', id, profile: 'own', version: 1 })) };
  };
  const reportUndeliverable = createUndeliverableReporter({
    db: { query } as unknown as Queryable,
    profiles: { find: async () => ({ labels: { undeliverable: 'dead' } }) as never },
    report: ({ id }, label) => reports.push(`${id} ${label}`),
    onFailure: (error) => failures.push(error),
  });

  for (let n = 0; n < 300; n++) reportUndeliverable([failed(String(n))]);

  await eventually(() => reports.length === 299);
  expect(batchSizes).toEqual([1, 299]);
  expect(reports[0]).toBe('dlv_1 dead');
  expect(failures).toEqual([new Error('away')]);
});
