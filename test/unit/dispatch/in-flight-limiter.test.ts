import { createInFlightLimiter } from '../../../src/dispatch/in-flight-limiter.ts';
import type { Queryable } from '../../../src/store/postgres/database.ts';
import type { ProjectInFlight } from '../../../src/store/processes/in-flight.ts';

/** Returns the slots of all workers, and what each project has in flight. */
class FakePostgres {
  slots = 1_000;
  isDown = false;
  queryMs = 0;
  inFlight: Partial<ProjectInFlight>[] = [];

  readonly db = {
    query: async ({ name }: { name: string }) => {
      if (this.isDown) throw new Error('the connection was lost');
      jest.advanceTimersByTime(this.queryMs);
      if (name === 'attempt-slots') return { rows: [{ slots: this.slots }] };
      return {
        rows: this.inFlight.map((project) => ({
          firstAttempts: 0,
          unclaimed: 0,
          otherAttempts: 0,
          ...project,
        })),
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

test('a project may have more in flight while it has less than is free', async () => {
  const postgres = new FakePostgres();
  postgres.inFlight = [{ projectId: 'heavy', firstAttempts: 500 }];
  const limiter = createInFlightLimiter(postgres.db);

  await limiter.refresh();

  expect(limiter.hasCapacity('first', 'heavy')).toBe(false);
  expect(limiter.hasCapacity('first', 'other')).toBe(true);
});

test('after a failed refresh the counts are read again, even if nothing was dispatched meanwhile', async () => {
  const postgres = new FakePostgres();
  postgres.inFlight = [{ projectId: 'p', firstAttempts: 1_000 }];
  const limiter = createInFlightLimiter(postgres.db);
  await limiter.refresh();
  expect(limiter.hasCapacity('first', 'p')).toBe(false);

  postgres.isDown = true;
  jest.advanceTimersByTime(1_000);
  await expect(limiter.refresh()).rejects.toThrow('the connection was lost');
  postgres.isDown = false;
  postgres.inFlight = [];
  jest.advanceTimersByTime(1_000);
  await limiter.refresh();

  expect(limiter.hasCapacity('first', 'p')).toBe(true);
});

test('after a slow refresh, the counts are read again within 10 s', async () => {
  const postgres = new FakePostgres();
  postgres.inFlight = [{ projectId: 'p', firstAttempts: 1_000 }];
  postgres.queryMs = 10_000;
  const limiter = createInFlightLimiter(postgres.db);
  await limiter.refresh();
  expect(limiter.hasCapacity('first', 'p')).toBe(false);

  postgres.inFlight = [];
  jest.advanceTimersByTime(10_000);
  await limiter.refresh();

  expect(limiter.hasCapacity('first', 'p')).toBe(true);
});

test('however many retries of one project are in flight, another project can start a few', async () => {
  const postgres = new FakePostgres();
  postgres.inFlight = [
    { projectId: 'storm', otherAttempts: 50_000 },
    { projectId: 'small', otherAttempts: 1 },
  ];
  const limiter = createInFlightLimiter(postgres.db);

  await limiter.refresh();

  expect(limiter.hasCapacity('other', 'storm')).toBe(false);
  expect(limiter.hasCapacity('other', 'small')).toBe(true);
  limiter.recordDispatched('other', 'small', 100);
  expect(limiter.hasCapacity('other', 'small')).toBe(false);
});
