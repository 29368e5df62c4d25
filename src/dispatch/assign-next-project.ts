import type pg from 'pg';
import { assignDue, nextProjectDue } from '../store/deliveries/assignments/assign-due.ts';
import type { Assignment } from '../store/deliveries/assignments/assignment.ts';
import type { InFlightLimiter } from './in-flight-limiter.ts';
import type { StartLimiter } from './start-limiter.ts';
import { GROUP_SIZE } from './workflow-groups.ts';

/** Assigns the due deliveries of one project, whose turn it is. Resolves with null if no project has any. */
export type AssignNextProject = (kind: 'any' | 'full', uuid: string) => Promise<Assignment | null>;

/** With thousands of projects that cannot fill a group, querying each would take all the time. */
const MAX_PROJECTS_QUERIED = 4;
/** Includes the projects that are passed over because they are at their limit. */
const MAX_PROJECTS_CHECKED = 40;

/** Serves projects round robin. A project that cannot fill a group does not delay the next one. */
export function createAssignNextProject({
  pool,
  inFlightLimiter,
  startLimiter,
  grouping,
  maxWaitMs,
  processId,
  onPassedOver,
}: {
  pool: pg.Pool;
  inFlightLimiter: InFlightLimiter;
  startLimiter: StartLimiter;
  grouping: 'auto' | 'never';
  /** After this long, in milliseconds, a group is assigned although it is not full. */
  maxWaitMs: number;
  processId: string | null;
  /** Called when a project with due deliveries is at its limit. */
  onPassedOver: () => void;
}): AssignNextProject {
  /** Partial and full groups have separate rotations. */
  const lastServed = { any: '', full: '' };

  return async (kind, uuid) => {
    const checked = new Set<string>();
    for (let queried = 0; queried < MAX_PROJECTS_QUERIED && checked.size < MAX_PROJECTS_CHECKED; ) {
      const projectId = await nextProjectDue(pool, lastServed[kind]);
      if (projectId === null || checked.has(projectId)) return null;
      checked.add(projectId);
      lastServed[kind] = projectId;
      if (!inFlightLimiter.hasCapacity('first', projectId) || !startLimiter.canStartFullGroup(projectId)) {
        onPassedOver();
        continue;
      }
      queried += 1;
      const assignment = await assignDue(pool, projectId, {
        maxDeliveries: GROUP_SIZE,
        minDeliveries: kind === 'any' ? 1 : GROUP_SIZE,
        maxWaitMs: startLimiter.canStartOverdueGroup(projectId) ? maxWaitMs : null,
        grouping: grouping === 'auto',
        uuid,
        processId,
      });
      if (!assignment) continue;
      inFlightLimiter.recordDispatched('first', projectId, assignment.deliveries.length);
      return assignment;
    }
    return null;
  };
}
