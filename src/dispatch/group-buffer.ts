import { randomUUID } from 'node:crypto';
import { groupWorkflowId } from '../policy/workflow-id.ts';
import type { Assignment } from '../store/deliveries/assignments/assignment.ts';
import type { NewDelivery } from '../store/events/accept-events.ts';
import { firstStepsOf, groupSizeOf } from './workflow-groups.ts';

/**
 * Groups whose workflow has not started: each new delivery is written with the id of the one that it will travel in,
 * so that no second statement has to assign it. What dies with the process is found by the reconciler.
 */
export type GroupBuffer = {
  /** Deliveries of one project and policy join the open group of `key`, and the next when it is full; false: no room. */
  add(key: string, deliveries: NewDelivery[]): boolean;
  hasOpenGroup(key: string): boolean;
  /** They are stored; false when `workflowId` is no group of these. */
  markCommitted(workflowId: string, deliveries: NewDelivery[]): boolean;
  /** They are not, or nobody knows; false as above. */
  markAbandoned(workflowId: string, deliveries: NewDelivery[]): boolean;
  /** Of the groups that are stored whole, the first that is full, or the first that is not, of those that `may` start. */
  take(
    kind: 'full' | 'open',
    may?: (group: { projectId: string; since: number }) => boolean,
  ): Assignment | null;
  hasReadyOpenGroup(): boolean;
  /** All of them, stored or not. */
  takeAll(): Assignment[];
};

type Group = { key: string; assignment: Assignment; since: number; joined: number; isOpen: boolean };

/**
 * Deliveries in groups that have not started: beyond that the engine is behind, and they wait in Postgres. A project may
 * have as many as are free, so that one alone has up to half.
 */
const MAX_BUFFERED = 3_200;

export function createGroupBuffer(): GroupBuffer {
  const open = new Map<string, Group>();
  const groups = new Map<string, Group>();
  const formingOf = new Map<string, number>();
  let forming = 0;

  function count(projectId: string, deliveries: number): void {
    forming += deliveries;
    const own = (formingOf.get(projectId) ?? 0) + deliveries;
    if (own > 0) formingOf.set(projectId, own);
    else formingOf.delete(projectId);
  }

  function openGroup(key: string, { projectId, policy, lane }: NewDelivery): Group {
    const workflowId = groupWorkflowId(projectId, randomUUID());
    const assignment = { workflowId, projectId, policy, lane, deliveries: [] };
    const group: Group = { key, assignment, since: performance.now(), joined: 0, isOpen: true };
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
    count(group.assignment.projectId, -group.joined);
  }

  const toTake = (
    isOpen: boolean,
    may: (group: { projectId: string; since: number }) => boolean = () => true,
  ): Group | undefined =>
    [...groups.values()].find(
      (group) =>
        group.isOpen === isOpen &&
        group.assignment.deliveries.length === group.joined &&
        may({ projectId: group.assignment.projectId, since: group.since }),
    );

  return {
    add(key, deliveries) {
      const { projectId } = deliveries[0]!;
      const own = (formingOf.get(projectId) ?? 0) + deliveries.length;
      if (own > MAX_BUFFERED - forming - deliveries.length) return false;
      for (const delivery of deliveries) {
        const group = open.get(key) ?? openGroup(key, delivery);
        delivery.owner = group.assignment.workflowId;
        group.joined += 1;
        if (group.joined === groupSizeOf(group.assignment.policy)) close(group);
      }
      count(projectId, deliveries.length);
      return true;
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
      group.joined -= deliveries.length;
      count(group.assignment.projectId, -deliveries.length);
      if (group.joined === 0) remove(group);
      return true;
    },

    take(kind, may) {
      const group = toTake(kind === 'open', may);
      if (!group) return null;
      remove(group);
      return group.assignment;
    },

    hasReadyOpenGroup: () => toTake(true) !== undefined,

    takeAll() {
      const all = [...groups.values()];
      for (const group of all) remove(group);
      return all.map(({ assignment }) => assignment);
    },
  };
}
