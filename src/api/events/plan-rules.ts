import { plansOfConsumers } from '../../store/endpoints/apply-plans.ts';
import { PlanRequired } from '../../store/endpoints/insert-endpoint.ts';
import type { Queryable } from '../../store/postgres/database.ts';
import type { Tenant } from '../auth/tenant.ts';
import { Problem } from '../problems/problem.ts';
import { refuseUnlessStored } from './refuse-unless-stored.ts';
import type { DraftToValidate } from './validate-data.ts';

const requiredPlans = (plan: string, plans: string[]): string =>
  plans.length === 0
    ? 'No plan of this project includes webhooks.'
    : `Webhooks are part of the plans ${plans.join(', ')}; the consumer is on ${plan}.`;

/** Names the plans that allow webhooks when a registration is refused because of the consumer's plan. */
export async function mapPlanRequired<T>(registration: Promise<T>): Promise<T> {
  try {
    return await registration;
  } catch (error) {
    throw error instanceof PlanRequired
      ? new Problem('plan_required', requiredPlans(error.plan, error.plans))
      : error;
  }
}

/**
 * A target needs the same plan as an endpoint. Throws plan_required for drafts whose consumer does not have it, unless
 * they are already stored.
 */
export async function requirePlansForTargets(
  db: Queryable,
  { projectId, plans }: Tenant,
  drafts: Pick<DraftToValidate, 'draft' | 'pointer'>[],
): Promise<void> {
  if (plans === null) return;
  const targeted = drafts.flatMap(({ draft, pointer }) =>
    draft.target && draft.consumer !== null ? [{ draft, consumer: draft.consumer, pointer }] : [],
  );
  if (targeted.length === 0) return;
  const consumers = [...new Set(targeted.map(({ consumer }) => consumer))];
  const planOf = await plansOfConsumers(db, projectId, consumers);
  const without = targeted.flatMap(({ draft, consumer, pointer }) => {
    const plan = planOf.get(consumer)!;
    if (plans.includes(plan)) return [];
    const errors = [{ pointer: `${pointer}/target`, detail: `is not available on the plan ${plan}` }];
    return [{ event: draft, problem: new Problem('plan_required', requiredPlans(plan, plans), { errors }) }];
  });
  await refuseUnlessStored(db, projectId, without);
}
