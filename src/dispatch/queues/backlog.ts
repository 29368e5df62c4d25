import { randomUUID } from 'node:crypto';
import { MAX_DELIVERIES } from '../../policy/workflow-size.ts';
import { assignDue, nextProjectDue } from '../../store/deliveries/assignments/assign-due.ts';
import type { Assignment } from '../../store/deliveries/assignments/assignment.ts';
import { moveOverdue } from '../../store/deliveries/assignments/move-overdue.ts';
import { Group } from '../groups/group.ts';
import type { QueueDependencies } from './queue.ts';

/** With thousands of projects that cannot fill a group, querying each would take all the time. */
const MAX_PROJECTS_QUERIED = 4;
/** Includes the projects that are passed over because they are at their limit. */
const MAX_PROJECTS_CHECKED = 40;
/** Of 1,000 overdue deliveries each. The next read goes on, so that a long backlog of one project delays no other. */
const MAX_MOVES = 10;
const READ_INTERVAL_MS = 1_000;
/** While deliveries are known to wait, or a project at its limit may have capacity soon. */
const BUSY_READ_INTERVAL_MS = 250;

/** Due deliveries to healthy receivers that wait in Postgres without an owner. */
export type Backlog = {
  /** Records deliveries that this process has stored without an owner, or may have. Returns how many since the last read. */
  recordUnowned(deliveries: number): number;
  /** Whether deliveries wait that could start now. New ones must not overtake them forever. */
  mayWait(): boolean;
  isReadDue(): boolean;
  /** Starts workflows for what waits, as many as the slots allow. */
  read(): Promise<void>;
};

type Content = 'empty' | 'only of projects at their limit' | 'more';

/** Projects take turns. One that cannot fill a group does not delay the next one. */
export function createBacklog(deps: QueueDependencies): Backlog {
  const { pool, inFlightLimiter, starter, slots, grouping, maxWaitMs, processId } = deps;
  /** Partial and full groups have separate turns. */
  const lastServed = { any: '', full: '' };
  let lastReadAt = 0;
  let storedSinceRead = 0;
  let content: Content = 'empty';

  async function read(): Promise<void> {
    lastReadAt = performance.now();
    storedSinceRead = 0;
    await inFlightLimiter.refresh();
    while (starter.canStart()) {
      const kind = slots.allowsPartial() ? 'any' : 'full';
      // The slot is taken before the query, or new events would take it while the query runs.
      const returnSlot = slots.take('', 0, false);
      const assigned = await assignNext(kind).finally(returnSlot);
      if (typeof assigned === 'string') {
        if (kind === 'any' || content === 'empty') content = assigned;
        return;
      }
      content = 'more';
      starter.start(Group.ofAssignment(assigned, slots));
    }
  }

  /** Assigns deliveries of the project whose turn it is. */
  async function assignNext(kind: 'any' | 'full'): Promise<Assignment | Content> {
    const checked = new Set<string>();
    let left: Content = 'empty';
    for (let queried = 0; queried < MAX_PROJECTS_QUERIED && checked.size < MAX_PROJECTS_CHECKED; ) {
      const next = await nextProjectDue(pool, lastServed[kind]);
      if (next === null || checked.has(next.projectId)) break;
      const { projectId } = next;
      checked.add(projectId);
      lastServed[kind] = projectId;
      if (!inFlightLimiter.hasCapacity('first', projectId) || !slots.allowsFull(projectId)) {
        left = 'only of projects at their limit';
        continue;
      }
      queried += 1;
      if (next.isOverdue) await moveOverdueOf(projectId);
      const assignment = await assignDue(pool, projectId, {
        maxDeliveries: MAX_DELIVERIES,
        minDeliveries: kind === 'any' ? 1 : MAX_DELIVERIES,
        maxWaitMs: slots.allowsOverdue(projectId) ? maxWaitMs : null,
        grouping: grouping === 'auto',
        uuid: randomUUID(),
        processId,
      });
      if (!assignment) continue;
      inFlightLimiter.recordDispatched('first', projectId, assignment.deliveries.length);
      return assignment;
    }
    return left;
  }

  async function moveOverdueOf(projectId: string): Promise<void> {
    for (let moves = 0; moves < MAX_MOVES && (await moveOverdue(pool, projectId)); moves++);
  }

  return {
    recordUnowned: (deliveries) => (storedSinceRead += deliveries),
    mayWait: () => storedSinceRead > 0 || content === 'more',
    isReadDue() {
      const isBusy = storedSinceRead > 0 || content !== 'empty';
      return performance.now() - lastReadAt >= (isBusy ? BUSY_READ_INTERVAL_MS : READ_INTERVAL_MS);
    },
    read,
  };
}
