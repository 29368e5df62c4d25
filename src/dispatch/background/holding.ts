import type pg from 'pg';
import type { Holding } from '../../api/ports.ts';
import { reviewHeld } from '../../store/deliveries/resync-held.ts';
import {
  changeEndpointState,
  endReview,
  type ReviewDue,
  reviewsDue,
} from '../../store/endpoints/endpoint-states.ts';
import { endPlansDue, followPlans, type PlansDue, plansDue } from '../../store/endpoints/plans.ts';
import { isOutage, sqlState } from '../../store/postgres/database.ts';
import { followProfiles } from '../../store/projects/projects.ts';
import { createBackgroundSteps, type Steps } from './background-steps.ts';

export type HoldingDependencies = {
  pool: pg.Pool;
  /** Something waits for assignment. */
  onReleased: () => void;
  /** Something did not come to its end. Its mark is there, and the next sweep takes it up. */
  onFailure: (error: unknown) => void;
};

/** A caller waits no longer than that, and one batch, for what is held to follow: a million rows take minutes. */
const ANSWER_WITHIN_MS = 1_000;

/**
 * Changes states, and sees to what is held: at once, and what takes longer behind the caller. A death in between, or a
 * close, leaves a mark, which sweepHolding finds.
 */
export function createHolding(
  deps: HoldingDependencies,
  answerWithinMs = ANSWER_WITHIN_MS,
): Holding & { close(): Promise<void> } {
  const background = createBackgroundSteps({ foregroundMs: answerWithinMs, onFailure: deps.onFailure });
  return {
    async act(scope, endpointId, action) {
      const answer = await changeEndpointState(deps.pool, scope, endpointId, action);
      // Also where it was so before: whoever made it so may have died over what is held.
      if (answer.kind === 'done' && answer.review)
        await background.begin(endpointId, review(deps, answer.review));
      return answer;
    },
    followPlans: (due) => background.begin(`${due.projectId} ${due.consumer ?? ''}`, follow(deps, due)),
    close: background.close,
  };
}

/** Twice at the same time does no harm: each row is moved once, and a mark that is not the newest ends nothing. */
async function* review({ pool, onReleased }: HoldingDependencies, due: ReviewDue): Steps {
  for (let next: string | null = ''; next !== null; ) {
    const batch = await reviewHeld(pool, due.id, next);
    if (batch.released > 0) onReleased();
    next = batch.next;
    if (next !== null) yield;
  }
  await endReview(pool, due);
}

async function* follow(deps: HoldingDependencies, due: PlansDue): Steps {
  for (let next: string | null = ''; next !== null; ) {
    const batch = await followPlans(deps.pool, due.projectId, due.consumer, next);
    for (const one of batch.reviews) {
      yield* review(deps, one);
      yield;
    }
    next = batch.next;
    yield;
  }
  await endPlansDue(deps.pool, due);
}

/**
 * Finishes what was begun at least `ageMs` ago, and puts the plans of profiles in force that came with a new version of
 * Posthorn. `plansOf` says the plans of each profile.
 */
export async function sweepHolding(
  deps: HoldingDependencies,
  plansOf: Map<string, string[] | null>,
  ageMs: number,
): Promise<void> {
  await orReport(deps, followProfiles(deps.pool, plansOf));
  for (const due of await plansDue(deps.pool, ageMs)) await orReport(deps, finish(follow(deps, due)));
  for (const due of await reviewsDue(deps.pool, ageMs)) await orReport(deps, finish(review(deps, due)));
}

async function finish(steps: Steps): Promise<void> {
  for await (const _ of steps);
}

/** One that fails does not keep the others waiting. Without a connection all would fail, each after its timeout. */
async function orReport({ onFailure }: HoldingDependencies, work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (isOutage(error) && sqlState(error) === undefined) throw error;
    onFailure(error);
  }
}
