import type pg from 'pg';
import type { EndpointStates } from '../../api/ports.ts';
import { resyncHeld } from '../../store/deliveries/resync-held.ts';
import {
  applyPlans,
  completePlanChange,
  type PendingPlanChange,
  pendingPlanChanges,
} from '../../store/endpoints/apply-plans.ts';
import {
  changeEndpointState,
  completeResync,
  type PendingResync,
  pendingResyncs,
} from '../../store/endpoints/endpoint-status.ts';
import { isOutage, sqlState } from '../../store/postgres/database.ts';
import { applyProfilePlans } from '../../store/projects/projects.ts';
import { createBackgroundRunner, type IncrementalWork } from './background-runner.ts';

export type EndpointStatesDependencies = {
  pool: pg.Pool;
  /** Something waits for assignment. */
  onReleased: () => void;
  /** Something did not come to its end. Its mark is there, and the next sweep takes it up. */
  onFailure: (error: unknown) => void;
};

/** A caller waits no longer than that, and one batch, for what is held to follow: a million rows take minutes. */
const RESPOND_WITHIN_MS = 1_000;

/**
 * Changes states, and sees to what is held: at once, and what takes longer behind the caller. A death in between, or a
 * close, leaves a mark, which sweepHolding finds.
 */
export function createEndpointStates(
  deps: EndpointStatesDependencies,
  answerWithinMs = RESPOND_WITHIN_MS,
): EndpointStates & { close(): Promise<void> } {
  const background = createBackgroundRunner({ foregroundMs: answerWithinMs, onFailure: deps.onFailure });
  return {
    async changeState(scope, endpointId, action) {
      const answer = await changeEndpointState(deps.pool, scope, endpointId, action);
      // Also where it was so before: whoever made it so may have died over what is held.
      if (answer.kind === 'done' && answer.resync)
        await background.run(endpointId, review(deps, answer.resync));
      return answer;
    },
    applyPlans: (due) =>
      background.run(`${due.projectId} ${due.consumer ?? ''}`, applyPlansInSteps(deps, due)),
    close: background.close,
  };
}

/** Twice at the same time does no harm: each row is moved once, and a mark that is not the newest ends nothing. */
async function* review(
  { pool, onReleased }: EndpointStatesDependencies,
  due: PendingResync,
): IncrementalWork {
  for (let next: string | null = ''; next !== null; ) {
    const batch = await resyncHeld(pool, due.id, next);
    if (batch.released > 0) onReleased();
    next = batch.next;
    if (next !== null) yield;
  }
  await completeResync(pool, due);
}

async function* applyPlansInSteps(deps: EndpointStatesDependencies, due: PendingPlanChange): IncrementalWork {
  for (let next: string | null = ''; next !== null; ) {
    const batch = await applyPlans(deps.pool, due.projectId, due.consumer, next);
    for (const one of batch.resyncs) {
      yield* review(deps, one);
      yield;
    }
    next = batch.next;
    yield;
  }
  await completePlanChange(deps.pool, due);
}

/**
 * Finishes what was begun at least `ageMs` ago, and puts the plans of profiles in force that came with a new version of
 * Posthorn. `plansOf` says the plans of each profile.
 */
export async function sweepEndpointStates(
  deps: EndpointStatesDependencies,
  plansOf: Map<string, string[] | null>,
  ageMs: number,
): Promise<void> {
  await orReport(deps, applyProfilePlans(deps.pool, plansOf));
  for (const due of await pendingPlanChanges(deps.pool, ageMs))
    await orReport(deps, finish(applyPlansInSteps(deps, due)));
  for (const due of await pendingResyncs(deps.pool, ageMs)) await orReport(deps, finish(review(deps, due)));
}

async function finish(steps: IncrementalWork): Promise<void> {
  for await (const _ of steps);
}

/** One that fails does not keep the others waiting. Without a connection all would fail, each after its timeout. */
async function orReport({ onFailure }: EndpointStatesDependencies, work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (isOutage(error) && sqlState(error) === undefined) throw error;
    onFailure(error);
  }
}
