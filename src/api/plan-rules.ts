import type { Queryable } from '../store/database.ts';
import { PlanRequired } from '../store/endpoints.ts';
import type { EventDraft } from '../store/event-draft.ts';
import { storedContents } from '../store/event-reads.ts';
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
 * first draft that has not, unless it is stored already: what was accepted once may be posted again. `pointerOf` says
 * where each stands in the body.
 */
export async function requirePlansForTargets(
  db: Queryable,
  { projectId, plans }: Tenant,
  drafts: EventDraft[],
  pointerOf: (place: number) => string,
): Promise<void> {
  if (plans === null) return;
  const targeted = drafts.flatMap(({ id, target, consumer }, place) =>
    target && consumer !== null ? [{ id, consumer, place }] : [],
  );
  if (targeted.length === 0) return;
  const consumers = [...new Set(targeted.map(({ consumer }) => consumer))];
  const planOf = await plansOfConsumers(db, projectId, consumers);
  const without = targeted.filter(({ consumer }) => !plans.includes(planOf.get(consumer)!));
  if (without.length === 0) return;
  const ids = without.map(({ id }) => id);
  const stored = await storedContents(db, projectId, ids);
  const refused = without.find(({ id }) => !stored.has(id));
  if (!refused) return;
  const plan = planOf.get(refused.consumer)!;
  const pointer = `${pointerOf(refused.place)}/target`;
  const errors = [{ pointer, detail: `needs another plan than ${plan}` }];
  throw new Problem('plan_required', inWords(plan, plans), { errors });
}
