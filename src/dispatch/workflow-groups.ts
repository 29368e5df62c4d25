import { randomUUID } from 'node:crypto';
import { deserializePolicy, hasDelayShorterThanTimeout } from '../policy/retry-policy.ts';
import { eventWorkflowId, groupWorkflowId } from '../policy/workflow-id.ts';
import { MAX_SHORT_DELAY_BATCH } from '../store/deliveries/assignments/assign-due.ts';
import type { Assignment } from '../store/deliveries/assignments/assignment.ts';
import type { NewDelivery } from '../store/events/accept-events.ts';

/** The largest number of deliveries in one workflow. */
export const GROUP_SIZE = 100;

/** The number of deliveries of a policy that fill a workflow. */
export const groupSizeOf = (policy: string): number =>
  hasDelayShorterThanTimeout(deserializePolicy(policy)) ? MAX_SHORT_DELAY_BATCH : GROUP_SIZE;

/** New deliveries as the input of a workflow. */
export const firstStepsOf = (deliveries: NewDelivery[]): Assignment['deliveries'] =>
  deliveries.map(({ id, eventId, type }) => ({ id, step: 0, eventId, type }));

/** The id without a suffix is for the event's first workflow only: Temporal rejects an id that was used. */
export function workflowIdOf(batch: NewDelivery[], isFirst: boolean): string {
  const { projectId, eventId } = batch[0]!;
  if (!batch.every((delivery) => delivery.eventId === eventId)) {
    return groupWorkflowId(projectId, randomUUID());
  }
  return eventWorkflowId(projectId, eventId, isFirst ? undefined : randomUUID());
}
