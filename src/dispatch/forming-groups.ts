import { randomUUID } from 'node:crypto';
import { groupWorkflowId } from '../policy/workflow-id.ts';
import type { NewDelivery } from '../store/accept-events.ts';
import type { Assignment } from '../store/assignments.ts';
import { firstStepsOf, sizeOf } from './groups.ts';

/**
 * Groups whose workflow has not started: each new delivery is written with the id of the one that it will travel in,
 * so that no second statement has to assign it. What dies with the process is found by the reconciler.
 */
export type FormingGroups = {
  /** Deliveries of one project and policy join the open group of `key`, and the next when it is full; false: no room. */
  join(key: string, deliveries: NewDelivery[]): boolean;
  isOpen(key: string): boolean;
  /** They are stored; false when `workflowId` is no group of these. */
  committed(workflowId: string, deliveries: NewDelivery[]): boolean;
  /** They are not, or nobody knows; false as above. */
  abandoned(workflowId: string, deliveries: NewDelivery[]): boolean;
  /** Of the groups that are stored whole, the first that is full, or the first that is not. */
  take(kind: 'full' | 'open'): Assignment | null;
  hasOpenToTake(): boolean;
  /** All of them, stored or not. */
  takeAll(): Assignment[];
};

type Group = { key: string; assignment: Assignment; joined: number; isOpen: boolean };

/** Deliveries in groups that have not started: beyond that the engine is behind, and they wait in Postgres. */
const MOST_FORMING = 1_600;

export function createFormingGroups(): FormingGroups {
  const open = new Map<string, Group>();
  const groups = new Map<string, Group>();
  let forming = 0;

  function openGroup(key: string, { projectId, policy, lane }: NewDelivery): Group {
    const workflowId = groupWorkflowId(projectId, randomUUID());
    const assignment = { workflowId, projectId, policy, lane, deliveries: [] };
    const group: Group = { key, assignment, joined: 0, isOpen: true };
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
    forming -= group.joined;
  }

  const toTake = (isOpen: boolean): Group | undefined =>
    [...groups.values()].find(
      (group) => group.isOpen === isOpen && group.assignment.deliveries.length === group.joined,
    );

  return {
    join(key, deliveries) {
      if (forming + deliveries.length > MOST_FORMING) return false;
      for (const delivery of deliveries) {
        const group = open.get(key) ?? openGroup(key, delivery);
        delivery.owner = group.assignment.workflowId;
        group.joined += 1;
        if (group.joined === sizeOf(group.assignment.policy)) close(group);
      }
      forming += deliveries.length;
      return true;
    },

    isOpen: (key) => open.has(key),

    committed(workflowId, deliveries) {
      const assignment = groups.get(workflowId)?.assignment;
      if (!assignment) return false;
      assignment.deliveries.push(...firstStepsOf(deliveries));
      return true;
    },

    abandoned(workflowId, deliveries) {
      const group = groups.get(workflowId);
      if (!group) return false;
      group.joined -= deliveries.length;
      forming -= deliveries.length;
      if (group.joined === 0) remove(group);
      return true;
    },

    take(kind) {
      const group = toTake(kind === 'open');
      if (!group) return null;
      remove(group);
      return group.assignment;
    },

    hasOpenToTake: () => toTake(true) !== undefined,

    takeAll() {
      const all = [...groups.values()];
      for (const group of all) remove(group);
      return all.map(({ assignment }) => assignment);
    },
  };
}
