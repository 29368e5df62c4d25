import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { assignDue, nextProjectDue } from '../../../src/store/deliveries/assignments/assign-due.ts';
import { assignRestricted } from '../../../src/store/deliveries/assignments/assign-restricted.ts';
import type { Assignment } from '../../../src/store/deliveries/assignments/assignment.ts';
import { moveOverdue } from '../../../src/store/deliveries/assignments/move-overdue.ts';
import { restrictedReceiversAmong } from '../../../src/store/deliveries/assignments/restricted-receivers.ts';
import { wakeScheduled } from '../../../src/store/deliveries/assignments/wake-scheduled.ts';
import { createCompleteSequence } from '../../../src/store/receivers/order/order.ts';

/** Few, so that what piles up in a run goes out as a drain. */
export const DRAIN_RATE = 5;

/** Returns a function that visits all queues, as a process does, until nothing more is given to a workflow. */
export function createQueues(pool: pg.Pool, project: string, endpoint: string) {
  const completeSequence = createCompleteSequence(pool);

  async function assignNext(): Promise<Assignment | null> {
    const options = { maxDeliveries: 20, minDeliveries: 1, grouping: true, uuid: randomUUID() };
    const due = await nextProjectDue(pool, '');
    if (due?.isOverdue) while (await moveOverdue(pool, project));
    const assignment = await assignDue(pool, project, options);
    if (assignment) return assignment;
    const waiting = await restrictedReceiversAmong(pool, [{ receiver: endpoint, projectId: project }]);
    const sequence = waiting.some(({ isOrdered }) => isOrdered) ? await completeSequence() : 0;
    const limits = { maxPerReceiver: 32, drainRate: DRAIN_RATE, completeSequence: sequence, maxInLine: 3 };
    return assignRestricted(
      pool,
      waiting.filter(({ isDue }) => isDue),
      { ...options, ...limits, uuid: randomUUID() },
    );
  }

  return async (onAssigned: (assignment: Assignment) => void): Promise<void> => {
    while ((await wakeScheduled(pool)).mayBeMore);
    for (let next = await assignNext(); next !== null; next = await assignNext()) onAssigned(next);
  };
}
