import { createUndeliverableReporter } from '../../../src/attempts/undeliverable-reporter.ts';
import type { Transition } from '../../../src/store/deliveries/transitions.ts';
import type { Queryable } from '../../../src/store/postgres/database.ts';
import { eventually } from '../../set-up/eventually.ts';

const failed = (eventId: string): Transition =>
  ({ id: `dlv_${eventId}`, projectId: 'p', eventId }) as Transition;

test('however many deliveries fail for the last time, Postgres is asked once at a time, for all of them', async () => {
  const asked: number[] = [];
  const failures: unknown[] = [];
  const told: string[] = [];
  let askedAtOnce = 0;
  const query = async (_: string, [, events]: [string[], string[]]) => {
    askedAtOnce += 1;
    expect(askedAtOnce).toBe(1);
    asked.push(events.length);
    await new Promise((resolve) => setTimeout(resolve, 20));
    askedAtOnce -= 1;
    if (asked.length === 1) throw new Error('away');
    return { rows: events.map((id) => ({ projectId: 'p', id, profile: 'own', version: 1 })) };
  };
  const tellLastFailures = createUndeliverableReporter({
    db: { query } as unknown as Queryable,
    profiles: { find: async () => ({ labels: { undeliverable: 'dead' } }) as never },
    report: ({ id }, label) => told.push(`${id} ${label}`),
    onFailure: (error) => failures.push(error),
  });

  for (let n = 0; n < 300; n++) tellLastFailures([failed(String(n))]);

  await eventually(() => told.length === 299);
  expect(asked).toEqual([1, 299]);
  expect(told[0]).toBe('dlv_1 dead');
  expect(failures).toEqual([new Error('away')]);
});
