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
 * Sets the `owner` of new deliveries: a workflow that starts once they are committed, or a group of the buffer. The others
 * keep none and wait in Postgres. `mayWait`: older deliveries may be waiting there.
 */
export function assignNewDeliveries(
  { inFlightLimiter, startLimiter, groupBuffer, grouping }: AssignNewDependencies,
  deliveries: NewDelivery[],
  mayWait: boolean,
): void {
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
        for (const delivery of batch) delivery.owner = workflowId;
        startLimiter.acquire(workflowId, projectId, isFull);
        startLimiter.delayNextPartialGroup(batch.length);
      } else if (grouping === 'never' || !groupBuffer.add(key, batch)) break;
      inFlightLimiter.recordDispatched('first', projectId, batch.length);
    }
  }

  /** New events would take every slot that becomes free and starve those that are waiting. */
  function isOvertaking(key: string): boolean {
    return grouping === 'auto' && (mayWait || groupBuffer.hasOpenGroup(key));
  }
}
