import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { assignSlow, slowReceiversWaiting } from '../store/deliveries/assignments/assign-slow.ts';
import type { InFlightLimiter } from './in-flight-limiter.ts';
import { createStartLimiter, type StartLimiter } from './start-limiter.ts';
import { GROUP_SIZE } from './workflow-groups.ts';
import type { WorkflowLauncher } from './workflow-launcher.ts';

export type SlowDispatcher = {
  /** Start slots apart from those of healthy receivers, so that neither delays the other. */
  startLimiter: StartLimiter;
  /** Starts workflows for slow receivers that have deliveries due. */
  dispatch(): Promise<void>;
};

export type SlowDispatcherDependencies = {
  pool: pg.Pool;
  inFlightLimiter: InFlightLimiter;
  launcher: WorkflowLauncher;
  mayStart: () => boolean;
  processId: string | null;
  grouping: 'auto' | 'never';
  /** Attempts that may be in flight to one slow receiver. */
  maxPerReceiver: number;
};

/** With thousands of slow receivers, visiting all of them in one tick would take seconds. */
const RECEIVERS_PER_TICK = 500;

export function createSlowDispatcher(deps: SlowDispatcherDependencies): SlowDispatcher {
  const { pool, inFlightLimiter, launcher, mayStart, processId, grouping, maxPerReceiver } = deps;
  const startLimiter = createStartLimiter('auto');
  /** The next tick continues after this receiver. */
  let lastReceiver = '';

  async function dispatch(): Promise<void> {
    if (!mayStart()) return;
    const waiting = await slowReceiversWaiting(pool, lastReceiver, RECEIVERS_PER_TICK);
    lastReceiver = waiting.length < RECEIVERS_PER_TICK ? '' : waiting.at(-1)!.receiver;
    while (mayStart()) {
      const withCapacity = waiting.filter(
        ({ projectId }) =>
          inFlightLimiter.hasCapacity('other', projectId) && startLimiter.canStartOverdueGroup(projectId),
      );
      if (withCapacity.length === 0) return;
      const receivers = withCapacity.map(({ receiver }) => receiver);
      const assignment = await assignSlow(pool, receivers, {
        maxPerReceiver,
        maxDeliveries: GROUP_SIZE,
        grouping: grouping === 'auto',
        uuid: randomUUID(),
        processId,
      });
      if (!assignment) return;
      inFlightLimiter.recordDispatched('other', assignment.projectId, assignment.deliveries.length);
      launcher.launch(assignment, startLimiter);
    }
  }

  return { startLimiter, dispatch };
}
