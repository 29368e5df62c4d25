import { createLeadership } from '../../../src/background/reconciler/leadership.ts';
import type { Queryable } from '../../../src/store/postgres/database.ts';

afterEach(() => {
  jest.useRealTimers();
});

test('a process that cannot renew its lease stops leading as soon as the lease may have expired', async () => {
  jest.useFakeTimers();
  let isDown = false;
  const query = async () => {
    if (isDown) throw new Error('the connection was lost');
    return { rowCount: 1, rows: [] };
  };
  const changes: boolean[] = [];
  const leadership = createLeadership({
    db: { query } as unknown as Queryable,
    name: 'reconciler',
    processId: 'prc_1',
    canWork: () => true,
    onChange: (leads) => changes.push(leads),
    onFailure: () => {},
    times: { renewIntervalMs: 1_000, leaseDurationMs: 5_000 },
  });
  await jest.advanceTimersByTimeAsync(1_500);

  isDown = true;
  await jest.advanceTimersByTimeAsync(2_000);
  expect([leadership.isLeader(), changes]).toEqual([true, [true]]);
  await jest.advanceTimersByTimeAsync(5_000);
  expect([leadership.isLeader(), changes]).toEqual([false, [true, false]]);

  isDown = false;
  await jest.advanceTimersByTimeAsync(1_000);
  expect([leadership.isLeader(), changes]).toEqual([true, [true, false, true]]);
  await leadership.close();
});
