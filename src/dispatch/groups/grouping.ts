import { randomUUID } from 'node:crypto';
import { deserializePolicy } from '../../policy/retry-policy.ts';
import { eventWorkflowId, groupWorkflowId } from '../../policy/workflow-id.ts';
import { maxDeliveriesOf } from '../../policy/workflow-size.ts';
import type { Assignment } from '../../store/deliveries/assignments/assignment.ts';

/** `auto`: deliveries of several events share a workflow under load. `never`: each event has its own. */
export type Grouping = 'auto' | 'never';

/** What the deliveries of a workflow have in common. */
export type GroupKind = Omit<Assignment, 'workflowId' | 'deliveries'>;

export type Groupable = GroupKind & { eventId: string };

/** Deliveries with the same key may share a workflow. */
export const groupKeyOf = (grouping: Grouping, { projectId, policy, lane, eventId }: Groupable): string =>
  `${projectId} ${policy} ${lane} ${grouping === 'auto' ? '' : eventId}`;

/** The number of deliveries that fill a workflow. */
export function groupSizeOf({ policy, lane }: GroupKind): number {
  if (lane === 'isolated') return 1;
  return maxDeliveriesOf(deserializePolicy(policy));
}

/**
 * Names the event if there is only one. Its id without a suffix is for the event's first workflow only: Temporal rejects
 * an id that was used.
 */
export function workflowIdOf(deliveries: Groupable[], isFirst: boolean): string {
  const { projectId, eventId } = deliveries[0]!;
  return deliveries.every((delivery) => delivery.eventId === eventId)
    ? eventWorkflowId(projectId, eventId, isFirst ? undefined : randomUUID())
    : sharedWorkflowId(projectId);
}

/** For a group that deliveries of any event may join. */
export const sharedWorkflowId = (projectId: string): string => groupWorkflowId(projectId, randomUUID());
