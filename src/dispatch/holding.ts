import type pg from 'pg';
import type { Holding } from '../api/ports.ts';
import { isOutage, sqlState } from '../store/database.ts';
import { changeEndpointState, endReview, type ReviewDue, reviewsDue } from '../store/endpoint-states.ts';
import { endPlansDue, followPlans, type PlansDue, plansDue } from '../store/plans.ts';
import { followProfiles } from '../store/projects.ts';
import { reviewHeld } from '../store/review-held.ts';

export type HoldingDependencies = {
  pool: pg.Pool;
  /** Something waits for assignment. */
  onReleased: () => void;
  /** Something did not come to its end. Its mark is there, and the next sweep takes it up. */
  onFailure: (error: unknown) => void;
};

/** Changes states, and sees at once to what is held. A death in between leaves a mark, which sweepHolding finds. */
export function createHolding(deps: HoldingDependencies): Holding {
  return {
    async act(scope, endpointId, action) {
      const answer = await changeEndpointState(deps.pool, scope, endpointId, action);
      // Also where it was so before: whoever made it so may have died over what is held.
      if (answer.kind === 'done' && answer.review) await review(deps, answer.review);
      return answer;
    },
    followPlans: (due) => follow(deps, due),
  };
}

/** Twice at the same time does no harm: each row is moved once, and a mark that is not the newest ends nothing. */
async function review({ pool, onReleased }: HoldingDependencies, due: ReviewDue): Promise<void> {
  for (let more = true; more; ) {
    const batch = await reviewHeld(pool, due.id);
    if (batch.released > 0) onReleased();
    more = batch.more;
  }
  await endReview(pool, due);
}

async function follow(deps: HoldingDependencies, due: PlansDue): Promise<void> {
  for (let next: string | null = ''; next !== null; ) {
    const batch = await followPlans(deps.pool, due.projectId, due.consumer, next);
    for (const one of batch.reviews) await review(deps, one);
    next = batch.next;
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
  for (const due of await plansDue(deps.pool, ageMs)) await orReport(deps, follow(deps, due));
  for (const due of await reviewsDue(deps.pool, ageMs)) await orReport(deps, review(deps, due));
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
