import { randomUUID } from 'node:crypto';
import { groupWorkflowId } from '../policy/workflow-id.ts';
import type { Assignment } from '../store/deliveries/assignments/assignment.ts';
import type { NewDelivery } from '../store/events/accept-events.ts';
import { firstStepsOf, groupSizeOf } from './workflow-groups.ts';

/**
 * Groups of deliveries whose workflow has not started. A new delivery is stored with the id of its group's workflow, so
 * no second statement has to assign it. If the process dies, the reconciler finds the deliveries.
 */
export type GroupBuffer = {
  /**
   * Adds deliveries of one project and policy to the open group of `key`. Returns the workflow id of each, or null if
   * the buffer is full.
   */
  add(key: string, deliveries: NewDelivery[]): string[] | null;
  hasOpenGroup(key: string): boolean;
  /** Records that the deliveries are stored. Returns false if `workflowId` is not in the buffer. */
  markCommitted(workflowId: string, deliveries: NewDelivery[]): boolean;
  /** Records that the deliveries are not stored, or may not be. Returns false if `workflowId` is not in the buffer. */
  markAbandoned(workflowId: string, deliveries: NewDelivery[]): boolean;
  /** Removes the first group of the kind for which `canStart` is true. Groups with unstored deliveries are skipped. */
  take(
    kind: 'full' | 'partial',
    canStart?: (group: { projectId: string; since: number }) => boolean,
  ): Assignment | null;
  hasReadyPartialGroup(): boolean;
  /** Removes all groups, with the deliveries that are stored. */
  takeAll(): Assignment[];
};

type Group = { key: string; assignment: Assignment; since: number; size: number; isOpen: boolean };

/**
 * Deliveries in the buffer. When it is full, workers are behind, and new deliveries wait in Postgres. A project may hold
 * as many as are free (see FairBudget), so a single project gets up to half.
 */
const MAX_BUFFERED = 3_200;

export function createGroupBuffer(): GroupBuffer {
  const open = new Map<string, Group>();
  const groups = new Map<string, Group>();
  const bufferedByProject = new Map<string, number>();
  let buffered = 0;

  function count(projectId: string, deliveries: number): void {
    buffered += deliveries;
    const ownCount = (bufferedByProject.get(projectId) ?? 0) + deliveries;
    if (ownCount > 0) bufferedByProject.set(projectId, ownCount);
    else bufferedByProject.delete(projectId);
  }

  function openGroup(key: string, { projectId, policy, lane }: NewDelivery): Group {
    const workflowId = groupWorkflowId(projectId, randomUUID());
    const assignment = { workflowId, projectId, policy, lane, deliveries: [] };
    const group: Group = { key, assignment, since: performance.now(), size: 0, isOpen: true };
    open.set(key, group);
    groups.set(workflowId, group);
    return group;
  }

  function close(group: Group): void {
    group.isOpen = false;
    open.delete(group.key);
  }

  function remove(group: Group): void {
    if (group.isOpen) close(group);
    groups.delete(group.assignment.workflowId);
    count(group.assignment.projectId, -group.size);
  }

  const findReady = (
    isOpen: boolean,
    canStart: (group: { projectId: string; since: number }) => boolean = () => true,
  ): Group | undefined =>
    [...groups.values()].find(
      (group) =>
        group.isOpen === isOpen &&
        group.assignment.deliveries.length === group.size &&
        canStart({ projectId: group.assignment.projectId, since: group.since }),
    );

  return {
    add(key, deliveries) {
      const { projectId } = deliveries[0]!;
      const ownCount = (bufferedByProject.get(projectId) ?? 0) + deliveries.length;
      if (ownCount > MAX_BUFFERED - buffered - deliveries.length) return null;
      count(projectId, deliveries.length);
      return deliveries.map((delivery) => {
        const group = open.get(key) ?? openGroup(key, delivery);
        group.size += 1;
        if (group.size === groupSizeOf(group.assignment.policy)) close(group);
        return group.assignment.workflowId;
      });
    },

    hasOpenGroup: (key) => open.has(key),

    markCommitted(workflowId, deliveries) {
      const assignment = groups.get(workflowId)?.assignment;
      if (!assignment) return false;
      assignment.deliveries.push(...firstStepsOf(deliveries));
      return true;
    },

    markAbandoned(workflowId, deliveries) {
      const group = groups.get(workflowId);
      if (!group) return false;
      group.size -= deliveries.length;
      count(group.assignment.projectId, -deliveries.length);
      if (group.size === 0) remove(group);
      return true;
    },

    take(kind, canStart) {
      const group = findReady(kind === 'partial', canStart);
      if (!group) return null;
      remove(group);
      return group.assignment;
    },

    hasReadyPartialGroup: () => findReady(true) !== undefined,

    takeAll() {
      const all = [...groups.values()];
      for (const group of all) remove(group);
      return all.map(({ assignment }) => assignment);
    },
  };
}
