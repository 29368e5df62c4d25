import { MAX_DELIVERIES } from '../../policy/workflow-size.ts';
import type { NewDelivery } from '../../store/events/accept/accept-events.ts';
import { Group } from '../groups/group.ts';
import { GroupBuffer } from '../groups/group-buffer.ts';
import { groupKeyOf, groupSizeOf, workflowIdOf } from '../groups/grouping.ts';
import type { Backlog } from './backlog.ts';
import { createQueue, type Queue, type QueueDependencies } from './queue.ts';

export type FreshQueueDependencies = QueueDependencies & { backlog: Backlog; readBacklog: () => void };

/** New deliveries to healthy receivers. Those that find no place in a group wait in the backlog. */
export function createFreshQueue(deps: FreshQueueDependencies): Queue<NewDelivery> {
  const { starter, slots, inFlightLimiter, grouping, maxWaitMs, backlog, readBacklog } = deps;
  const buffer = new GroupBuffer(slots, maxWaitMs);
  const queue = createQueue<NewDelivery>(starter, buffer, {
    keyOf: (delivery) =>
      delivery.lane === 'fast' && delivery.waitingFor === null ? groupKeyOf(grouping, delivery) : null,
    place,
    next: () => buffer.takeReady() ?? nextPartial(),
    toAssigned: ({ id, eventId, type }) => ({ id, step: 0, eventId, type }),
    onEnded: recordUnowned,
  });
  /** Partial groups of the buffer and of the backlog take turns. */
  let isTurnOfBacklog = true;

  function place(key: string, alike: NewDelivery[], groups: Map<NewDelivery, Group>): void {
    if (!inFlightLimiter.hasCapacity('first', alike[0]!.projectId)) return;
    const size = groupSizeOf(alike[0]!);
    for (let from = 0; from < alike.length; from += size) {
      const batch = alike.slice(from, from + size);
      if (mayStartAtOnce(key, batch, size)) {
        const group = Group.permitted(workflowIdOf(batch, from === 0), batch[0]!, batch.length, slots);
        for (const delivery of batch) groups.set(delivery, group);
      } else if (grouping === 'never' || !buffer.reserve(key, batch, groups)) return;
      inFlightLimiter.recordDispatched('first', batch[0]!.projectId, batch.length);
    }
  }

  function mayStartAtOnce(key: string, batch: NewDelivery[], size: number): boolean {
    const { projectId } = batch[0]!;
    if (batch.length === size) return slots.allowsFull(projectId);
    // New events would take every slot that becomes free and starve those that are waiting.
    const isOvertaking = grouping === 'auto' && (backlog.mayWait() || buffer.isForming(key));
    return (slots.allowsPartial() && !isOvertaking) || slots.isIdle(projectId);
  }

  function recordUnowned(unowned: NewDelivery[]): void {
    const waiting = unowned.filter(({ waitingFor }) => waitingFor === null).length;
    // A read after every commit would cost as much as the assignments themselves.
    if (backlog.recordUnowned(waiting) >= MAX_DELIVERIES) readBacklog();
    queue.startReady();
  }

  function nextPartial(): Group | number {
    const mayWait = backlog.mayWait();
    if (!mayWait && buffer.size === 0) return Number.POSITIVE_INFINITY;
    if (!slots.allowsPartial()) return slots.msUntilPartial();
    const group = mayWait && isTurnOfBacklog ? null : buffer.takePartial();
    isTurnOfBacklog = group !== null;
    if (!group && mayWait) readBacklog();
    return group ?? Number.POSITIVE_INFINITY;
  }

  return queue;
}
