import type { NewDelivery } from '../store/events/accept-events.ts';
import type { GroupBuffer } from './group-buffer.ts';
import type { InFlightLimiter } from './in-flight-limiter.ts';
import type { StartLimiter } from './start-limiter.ts';
import { groupSizeOf, workflowIdOf } from './workflow-groups.ts';

export type AssignNewDependencies = {
  inFlightLimiter: InFlightLimiter;
  startLimiter: StartLimiter;
  groupBuffer: GroupBuffer;
  grouping: 'auto' | 'never';
};

/**
 * Returns the owners of new deliveries: a workflow that starts once they are committed, or a group of the buffer. The
 * others have none and wait in Postgres. `mayWait`: older deliveries may be waiting there.
 */
export function assignNewDeliveries(
  { inFlightLimiter, startLimiter, groupBuffer, grouping }: AssignNewDependencies,
  deliveries: NewDelivery[],
  mayWait: boolean,
): Map<NewDelivery, string> {
  const owners = new Map<NewDelivery, string>();
  const canStartPartial = startLimiter.msUntilPartialGroup() === 0;
  const groups = Map.groupBy(
    deliveries.filter(({ lane, waitingFor }) => lane === 'fast' && waitingFor === null),
    ({ projectId, policy, eventId }) => `${projectId} ${policy} ${grouping === 'auto' ? '' : eventId}`,
  );
  for (const [key, group] of groups) {
    const { projectId } = group[0]!;
    if (!inFlightLimiter.hasCapacity('first', projectId)) continue;
    const size = groupSizeOf(group[0]!.policy);
    for (let from = 0; from < group.length; from += size) {
      const batch = group.slice(from, from + size);
      const isFull = batch.length === size;
      const canStart = isFull
        ? startLimiter.canStartFullGroup(projectId)
        : (startLimiter.canStartAny() && canStartPartial && !isOvertaking(key)) ||
          startLimiter.isIdle(projectId);
      if (canStart) {
        const workflowId = workflowIdOf(batch, from === 0);
        for (const delivery of batch) owners.set(delivery, workflowId);
        startLimiter.acquire(workflowId, projectId, isFull);
        startLimiter.delayNextPartialGroup(batch.length);
      } else {
        const grouped = grouping === 'never' ? null : groupBuffer.add(key, batch);
        if (!grouped) break;
        for (const [index, delivery] of batch.entries()) owners.set(delivery, grouped[index]!);
      }
      inFlightLimiter.recordDispatched('first', projectId, batch.length);
    }
  }

  return owners;

  /** New events would take every slot that becomes free and starve those that are waiting. */
  function isOvertaking(key: string): boolean {
    return grouping === 'auto' && (mayWait || groupBuffer.hasOpenGroup(key));
  }
}
