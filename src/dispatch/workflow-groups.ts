import { randomUUID } from 'node:crypto';
import { deserializePolicy, hasDelayShorterThanTimeout } from '../policy/retry-policy.ts';
import { eventWorkflowId, groupWorkflowId } from '../policy/workflow-id.ts';
import { MAX_SHORT_DELAY_BATCH } from '../store/deliveries/assignments/assign-due.ts';
import type { Assignment } from '../store/deliveries/assignments/assignment.ts';
import type { NewDelivery } from '../store/events/accept-events.ts';

/** Deliveries in one workflow. */
export const GROUP_SIZE = 100;

/** How many deliveries of a policy fill a workflow. */
export const groupSizeOf = (policy: string): number =>
  hasDelayShorterThanTimeout(deserializePolicy(policy)) ? MAX_SHORT_DELAY_BATCH : GROUP_SIZE;

/** New deliveries as a workflow is given them. */
export const firstStepsOf = (deliveries: NewDelivery[]): Assignment['deliveries'] =>
  deliveries.map(({ id, eventId, type }) => ({ id, step: 0, eventId, type }));

/** The plain id of an event is for its first workflow only: Temporal refuses it a second time. */
export function workflowIdOf(company: NewDelivery[], isFirst: boolean): string {
  const { projectId, eventId } = company[0]!;
  if (!company.every((delivery) => delivery.eventId === eventId)) {
    return groupWorkflowId(projectId, randomUUID());
  }
  return eventWorkflowId(projectId, eventId, isFirst ? undefined : randomUUID());
}
