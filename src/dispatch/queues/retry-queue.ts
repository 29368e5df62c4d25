import type { AssignedDelivery } from '../../store/deliveries/assignments/assignment.ts';
import type { Group } from '../groups/group.ts';
import { GroupBuffer } from '../groups/group-buffer.ts';
import { type GroupKind, groupKeyOf } from '../groups/grouping.ts';
import { createReservations, type Reservation } from '../reservation.ts';
import { createAlarm } from './alarm.ts';
import type { Queue, QueueDependencies } from './queue.ts';

/** A delivery whose attempt was made without a workflow, and failed. */
export type RetryDelivery = GroupKind & AssignedDelivery & Required<Pick<AssignedDelivery, 'retry'>>;

/**
 * Deliveries that a workflow carries on with. They wait for their retry there, not for a claim, so they hold a start slot
 * only during the start. Their buffer and slots are their own: a flood of failures delays no new delivery.
 */
export function createRetryQueue({
  starter,
  slots,
  grouping,
  maxWaitMs,
}: Pick<QueueDependencies, 'starter' | 'slots' | 'grouping' | 'maxWaitMs'>): Queue<RetryDelivery> {
  const buffer = new GroupBuffer(slots, maxWaitMs);
  const reservations = createReservations<RetryDelivery>(
    starter,
    buffer,
    ({ id, step, eventId, type, retry }) => ({ id, step, eventId, type, retry }),
    startReady,
  );
  const startLater = createAlarm(startReady);

  /** Without capacity, or while Temporal is down, a delivery has no owner: the backlog has it when it is due. */
  function reserve(deliveries: RetryDelivery[]): Reservation<RetryDelivery> {
    const groups = new Map<RetryDelivery, Group>();
    const byKey = Map.groupBy(deliveries, (delivery) => groupKeyOf(grouping, delivery));
    for (const [key, alike] of starter.canStart() ? byKey : []) buffer.reserve(key, alike, groups);
    return reservations.create(deliveries, groups);
  }

  function startReady(): void {
    while (starter.canStart()) {
      const group = buffer.takeReady();
      if (!group) break;
      starter.start(group);
    }
    if (starter.canStart()) startLater(buffer.msUntilOverdue());
  }

  return {
    reserve,
    startReady,
    held: () => ({ reservations: reservations.openCount(), groups: buffer.size }),
    close: () => buffer.close(),
  };
}
