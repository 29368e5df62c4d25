import type { Queryable } from '../store/database.ts';
import { PlanRequired } from '../store/endpoints.ts';
import type { EventDraft } from '../store/event-draft.ts';
import { plansOfConsumers } from '../store/plans.ts';
import type { Tenant } from './authentication.ts';
import { Problem } from './problem.ts';

const inWords = (plan: string, plans: string[]): string =>
  plans.length === 0
    ? 'No plan of this project includes webhooks.'
    : `Webhooks are part of the plans ${plans.join(', ')}; the consumer is on ${plan}.`;

/** Names the plans that would do where a registration was refused for the consumer's. */
export async function orPlanRequired<T>(registration: Promise<T>): Promise<T> {
  try {
    return await registration;
  } catch (error) {
    throw error instanceof PlanRequired
      ? new Problem('plan_required', inWords(error.plan, error.plans))
      : error;
  }
}

/**
 * A target is an endpoint that is registered with its event, and needs the plan of one. Throws plan_required for the
 * first draft that has not; `pointers` say where each stands in the body. Reads only where there is such a draft.
 */
export async function requirePlansForTargets(
  db: Queryable,
  { projectId, plans }: Tenant,
  drafts: EventDraft[],
  pointerOf: (place: number) => string,
): Promise<void> {
  if (plans === null) return;
  const targeted = drafts.flatMap(({ target, consumer }, place) =>
    target && consumer !== null ? [{ consumer, place }] : [],
  );
  if (targeted.length === 0) return;
  const consumers = [...new Set(targeted.map(({ consumer }) => consumer))];
  const planOf = await plansOfConsumers(db, projectId, consumers);
  for (const { consumer, place } of targeted) {
    const plan = planOf.get(consumer)!;
    if (plans.includes(plan)) continue;
    const errors = [{ pointer: `${pointerOf(place)}/target`, detail: `needs another plan than ${plan}` }];
    throw new Problem('plan_required', inWords(plan, plans), { errors });
  }
}
