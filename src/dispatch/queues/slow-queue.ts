import { randomUUID } from 'node:crypto';
import { MAX_DELIVERIES } from '../../policy/workflow-size.ts';
import { assignSlow, slowReceiversWaiting } from '../../store/deliveries/assignments/assign-slow.ts';
import { Group } from '../groups/group.ts';
import type { QueueDependencies } from './queue.ts';

/** With thousands of slow receivers, visiting all of them in one read would take seconds. */
const RECEIVERS_PER_READ = 500;

/** Returns a function that starts workflows for slow receivers that have deliveries due. */
export function createSlowQueue(
  { pool, inFlightLimiter, starter, slots, grouping, processId }: QueueDependencies,
  /** Attempts that may be in flight to one slow receiver. */
  maxPerReceiver: number,
): () => Promise<void> {
  const limits = { maxPerReceiver, maxDeliveries: MAX_DELIVERIES, grouping: grouping === 'auto', processId };
  /** The next read continues after this receiver. */
  let lastReceiver = '';

  return async () => {
    await inFlightLimiter.refresh();
    if (!starter.canStart()) return;
    const waiting = await slowReceiversWaiting(pool, lastReceiver, RECEIVERS_PER_READ);
    lastReceiver = waiting.length < RECEIVERS_PER_READ ? '' : waiting.at(-1)!.receiver;
    while (starter.canStart()) {
      const receivers = waiting.flatMap(({ receiver, projectId }) =>
        inFlightLimiter.hasCapacity('other', projectId) && slots.allowsOverdue(projectId) ? [receiver] : [],
      );
      if (receivers.length === 0) return;
      const assignment = await assignSlow(pool, receivers, { ...limits, uuid: randomUUID() });
      if (!assignment) return;
      inFlightLimiter.recordDispatched('other', assignment.projectId, assignment.deliveries.length);
      starter.start(Group.ofAssignment(assignment, slots));
    }
  };
}
