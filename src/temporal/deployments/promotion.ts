import type { Deployment, QueueRouting } from './deployment.ts';

/** Why a worker makes its build the current one. */
export type PromotionReason = 'new' | 'current build has no workers';

/**
 * Whether a worker of the build `own`, which polls, makes it the current one (null: a worker without a version). A build
 * that has never been current is new. One that has been was replaced, or something is wrong with the build that replaced
 * it: it becomes current again only when that one has no workers left. So two builds that run side by side never take turns.
 */
export function promotionOf(
  own: string | null,
  current: string | null,
  builds: Deployment['builds'],
  polledBy: QueueRouting['polledBy'],
): PromotionReason | null {
  if (own === current || !polledBy.has(own)) return null;
  const build = builds.find(({ buildId }) => buildId === own);
  if (own !== null && !build) return null; // the server has not registered it yet
  if (build && !build.wasCurrent) return 'new';
  return polledBy.has(current) ? null : 'current build has no workers';
}
