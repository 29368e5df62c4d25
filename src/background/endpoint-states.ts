import type pg from 'pg';
import type { EndpointStates } from '../api/ports.ts';
import { isUnlimited } from '../policy/pacing.ts';
import { resyncHeld } from '../store/deliveries/resync-held.ts';
import {
  applyPlans,
  completePlanChange,
  type PendingPlanChange,
  pendingPlanChanges,
} from '../store/endpoints/apply-plans.ts';
import {
  changeEndpointState,
  completeResync,
  type PendingResync,
  pendingResyncs,
  resyncsOf,
} from '../store/endpoints/endpoint-status.ts';
import { isOutage, sqlState } from '../store/postgres/database.ts';
import { applyProfilePlans } from '../store/projects/projects.ts';
import { type Lane, moveNextUnassigned } from '../store/receivers/gates/lanes.ts';
import { createBackgroundRunner, type IncrementalWork } from './loops/background-runner.ts';

export type EndpointStatesDependencies = {
  pool: pg.Pool;
  /** Deliveries a second of what was held for one endpoint; 0: no limit. */
  drainRate: number;
  /** Called when deliveries wait for an assignment. */
  onReleased: () => void;
  /** Called with each workflow whose deliveries have ended, because their endpoint is gone. */
  onEnded: (signal: { owner: string; ids: string[] }) => void;
  /** Called with the projects for which outcomes were written. */
  onOutcomes: (projectIds: string[]) => void;
  /** Called when work failed. It stays marked in Postgres, and the next sweep resumes it. */
  onFailure: (error: unknown) => void;
};

/** The longest that a caller waits for held deliveries, plus one batch. A million rows take minutes. */
const RESPOND_WITHIN_MS = 1_000;

/**
 * Changes endpoint states and resyncs the held deliveries, in the background if that takes longer than `respondWithinMs`.
 * If the process dies or closes before the end, sweepEndpointStates resumes the work.
 */
export function createEndpointStates(
  deps: EndpointStatesDependencies,
  respondWithinMs = RESPOND_WITHIN_MS,
): EndpointStates & { resume(endpointIds: string[]): Promise<void>; close(): Promise<void> } {
  const background = createBackgroundRunner({ foregroundMs: respondWithinMs, onFailure: deps.onFailure });
  return {
    async changeState(scope, endpointId, action) {
      const result = await changeEndpointState(deps.pool, scope, endpointId, action);
      // Also if the state did not change: the process that changed it may have died during the resync.
      if (result.kind === 'done' && result.resync)
        await background.run(endpointId, resync(deps, result.resync));
      return result;
    },
    applyPlans: (due) =>
      background.run(`${due.projectId} ${due.consumer ?? ''}`, applyPlansInSteps(deps, due)),
    /** Starts the resyncs that a worker has left to do. */
    async resume(endpointIds) {
      for (const due of await resyncsOf(deps.pool, endpointIds))
        await background.run(due.id, resync(deps, due));
    },
    moveToLane: (projectId, endpoint) => {
      const lane = isUnlimited(endpoint) ? 'fast' : 'restricted';
      return background.run(`lane of ${endpoint.id}`, moveInSteps(deps.pool, lane, endpoint.id, projectId));
    },
    close: background.close,
  };
}

async function* moveInSteps(pool: pg.Pool, to: Lane, endpointId: string, projectId: string): IncrementalWork {
  while (await moveNextUnassigned(pool, to, endpointId, projectId)) yield;
}

/** Safe to run twice at the same time: each row changes once, and only the newest generation completes the resync. */
async function* resync(
  { pool, drainRate, onReleased, onEnded, onOutcomes }: EndpointStatesDependencies,
  due: PendingResync,
): IncrementalWork {
  for (let next: string | null = ''; next !== null; ) {
    const batch = await resyncHeld(pool, due.id, next, drainRate);
    if (batch.released > 0) onReleased();
    batch.ended.forEach(onEnded);
    if (batch.projectIds.length > 0) onOutcomes(batch.projectIds);
    next = batch.next;
    if (next !== null) yield;
  }
  await completeResync(pool, due);
}

async function* applyPlansInSteps(deps: EndpointStatesDependencies, due: PendingPlanChange): IncrementalWork {
  for (let next: string | null = ''; next !== null; ) {
    const batch = await applyPlans(deps.pool, due.projectId, due.consumer, next);
    for (const pending of batch.resyncs) {
      yield* resync(deps, pending);
      yield;
    }
    next = batch.next;
    yield;
  }
  await completePlanChange(deps.pool, due);
}

/**
 * Finishes resyncs and plan changes that are at least `ageMs` old, and applies the plans of profiles that a new version
 * of Posthorn has changed. `plansOf`: the plans of each profile.
 */
export async function sweepEndpointStates(
  deps: EndpointStatesDependencies,
  plansOf: Map<string, string[] | null>,
  ageMs: number,
): Promise<void> {
  await reportFailure(deps, applyProfilePlans(deps.pool, plansOf));
  for (const due of await pendingPlanChanges(deps.pool, ageMs))
    await reportFailure(deps, runToEnd(applyPlansInSteps(deps, due)));
  for (const due of await pendingResyncs(deps.pool, ageMs))
    await reportFailure(deps, runToEnd(resync(deps, due)));
}

async function runToEnd(steps: IncrementalWork): Promise<void> {
  for await (const _ of steps);
}

/** A failure does not stop the other work, unless there is no connection: then each would fail after a timeout. */
async function reportFailure({ onFailure }: EndpointStatesDependencies, work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (isOutage(error) && sqlState(error) === undefined) throw error;
    onFailure(error);
  }
}
