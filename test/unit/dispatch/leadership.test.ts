import { createLeadership } from '../../../src/dispatch/background/leadership.ts';
import type { Queryable } from '../../../src/store/postgres/database.ts';

afterEach(() => {
  jest.useRealTimers();
});

test('whoever cannot renew the lease says that it leads no more, as soon as the lease may be over', async () => {
  jest.useFakeTimers();
  let isAway = false;
  const query = async () => {
    if (isAway) throw new Error('the connection was lost');
    return { rowCount: 1, rows: [] };
  };
  const told: boolean[] = [];
  const leadership = createLeadership({
    db: { query } as unknown as Queryable,
    name: 'reconciler',
    processId: 'prc_1',
    canWork: () => true,
    onChange: (leads) => told.push(leads),
    onFailure: () => {},
    times: { renewIntervalMs: 1_000, leaseDurationMs: 5_000 },
  });
  await jest.advanceTimersByTimeAsync(1_500);

  isAway = true;
  await jest.advanceTimersByTimeAsync(2_000);
  expect([leadership.isLeader(), told]).toEqual([true, [true]]);
  await jest.advanceTimersByTimeAsync(5_000);
  expect([leadership.isLeader(), told]).toEqual([false, [true, false]]);

  isAway = false;
  await jest.advanceTimersByTimeAsync(1_000);
  expect([leadership.isLeader(), told]).toEqual([true, [true, false, true]]);
  await leadership.close();
});
