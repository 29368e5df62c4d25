import type { AssignedDelivery } from '../../store/deliveries/assignments/assignment.ts';
import { GroupBuffer } from '../groups/group-buffer.ts';
import { type GroupKind, groupKeyOf } from '../groups/grouping.ts';
import { createQueue, type Queue, type QueueDependencies } from './queue.ts';

/** A delivery whose attempt was made without a workflow, and failed. */
export type RetryDelivery = GroupKind & AssignedDelivery & Required<Pick<AssignedDelivery, 'retry'>>;

/**
 * Deliveries that a workflow carries on with. They wait for their retry there, not for a claim, so they hold a start slot
 * only during the start. Their buffer and slots are their own: a flood of failures delays no new delivery.
 */
export function createRetryQueue(deps: QueueDependencies): Queue<RetryDelivery> {
  const { starter, slots, grouping, maxWaitMs } = deps;
  const buffer = new GroupBuffer(slots, maxWaitMs);
  const queue = createQueue<RetryDelivery>(starter, buffer, {
    keyOf: (delivery) => groupKeyOf(grouping, delivery),
    place: (key, deliveries, groups) => void buffer.reserve(key, deliveries, groups),
    next: () => buffer.takeReady() ?? buffer.msUntilOverdue(),
    toAssigned: ({ id, step, eventId, type, retry }) => ({ id, step, eventId, type, retry }),
    // Without an owner, the backlog has them when they are due.
    onEnded: () => queue.startReady(),
  });
  return queue;
}
