import { createInFlightLimiter } from '../../../src/dispatch/in-flight-limiter.ts';
import type { Queryable } from '../../../src/store/postgres/database.ts';
import type { ProjectInFlight } from '../../../src/store/processes/in-flight.ts';

/** What Postgres answers: the slots of all workers, and what each project has in flight. */
class FakePostgres {
  slots = 1_000;
  isAway = false;
  answersAfterMs = 0;
  inFlight: Partial<ProjectInFlight>[] = [];

  readonly db = {
    query: async ({ name }: { name: string }) => {
      if (this.isAway) throw new Error('the connection was lost');
      jest.advanceTimersByTime(this.answersAfterMs);
      if (name === 'attempt-slots') return { rows: [{ slots: this.slots }] };
      return {
        rows: this.inFlight.map((one) => ({ firstAttempts: 0, unclaimed: 0, otherAttempts: 0, ...one })),
      };
    },
  } as unknown as Queryable;
}

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

test('a project may have more while it has less than is free', async () => {
  const postgres = new FakePostgres();
  postgres.inFlight = [{ projectId: 'heavy', firstAttempts: 500 }];
  const gate = createInFlightLimiter(postgres.db);

  await gate.refresh();

  expect(gate.hasCapacity('first', 'heavy')).toBe(false);
  expect(gate.hasCapacity('first', 'other')).toBe(true);
});

test('what could not be counted is counted again, though nothing was dispatched meanwhile', async () => {
  const postgres = new FakePostgres();
  postgres.inFlight = [{ projectId: 'p', firstAttempts: 1_000 }];
  const gate = createInFlightLimiter(postgres.db);
  await gate.refresh();
  expect(gate.hasCapacity('first', 'p')).toBe(false);

  postgres.isAway = true;
  jest.advanceTimersByTime(1_000);
  await expect(gate.refresh()).rejects.toThrow('the connection was lost');
  postgres.isAway = false;
  postgres.inFlight = [];
  jest.advanceTimersByTime(1_000);
  await gate.refresh();

  expect(gate.hasCapacity('first', 'p')).toBe(true);
});

test('after an answer that took long, Postgres is asked again within ten seconds', async () => {
  const postgres = new FakePostgres();
  postgres.inFlight = [{ projectId: 'p', firstAttempts: 1_000 }];
  postgres.answersAfterMs = 10_000;
  const gate = createInFlightLimiter(postgres.db);
  await gate.refresh();
  expect(gate.hasCapacity('first', 'p')).toBe(false);

  postgres.inFlight = [];
  jest.advanceTimersByTime(10_000);
  await gate.refresh();

  expect(gate.hasCapacity('first', 'p')).toBe(true);
});

test('however many retries of one project are due, another project begins with a few of its own', async () => {
  const postgres = new FakePostgres();
  postgres.inFlight = [
    { projectId: 'storm', otherAttempts: 50_000 },
    { projectId: 'small', otherAttempts: 1 },
  ];
  const gate = createInFlightLimiter(postgres.db);

  await gate.refresh();

  expect(gate.hasCapacity('other', 'storm')).toBe(false);
  expect(gate.hasCapacity('other', 'small')).toBe(true);
  gate.recordDispatched('other', 'small', 100);
  expect(gate.hasCapacity('other', 'small')).toBe(false);
});
